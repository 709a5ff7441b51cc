/**
 * WITNESS names the last block known durable (decision 7): two slots in sectors of their own, written in turn, the newest valid one counts.
 * A slot, little endian: magic, turn u64, block u64, segment u32, offset u32, end offset u64, hash 16 bytes, CRC-32.
 */
import { crc32 } from "node:zlib";
import { readUInt64, writeUInt64 } from "./block.js";
import { type Disk, type DiskFile, readUpTo, writeAll, writeFileAtomically } from "./disk.js";
import { type BlockPosition, JournalError } from "./journal.js";

const MAGIC = Buffer.from("HFWITNS\n", "latin1");
const SLOT_BYTES = 64;
const SLOT_DISTANCE = 4096;
const FILE_BYTES = SLOT_DISTANCE * 2;

export class Witness {
  readonly #file: DiskFile;
  #turn: number;
  #position: BlockPosition | undefined;
  #writing: Promise<void> = Promise.resolve();

  private constructor(file: DiskFile, turn: number, position: BlockPosition | undefined) {
    this.#file = file;
    this.#turn = turn;
    this.#position = position;
  }

  /** The last block known durable; undefined while there is none. */
  get position(): BlockPosition | undefined {
    return this.#position;
  }

  /** Makes the WITNESS of a new journal. */
  static async create(disk: Disk, folder: string): Promise<Witness> {
    const bytes = Buffer.alloc(FILE_BYTES);
    encodeSlot(0, undefined).copy(bytes, 0);
    await writeFileAtomically(disk, folder, "WITNESS", bytes);
    return new Witness(await disk.openDurable(`${folder}/WITNESS`), 0, undefined);
  }

  /** Opens it; undefined where there is none. Throws `damaged` when it is short or neither slot is valid. */
  static async open(disk: Disk, folder: string): Promise<Witness | undefined> {
    const found = await readWitness(disk, folder);
    if (found === undefined) return undefined;
    return new Witness(await disk.openDurable(`${folder}/WITNESS`), found.turn, found.position);
  }

  /** Makes it durable that this block is; later calls wait for earlier ones. */
  write(position: BlockPosition): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      if (this.#position !== undefined && position.block <= this.#position.block) return;
      this.#turn += 1;
      const slot = encodeSlot(this.#turn, position);
      await writeAll(this.#file, slot, SLOT_BYTES, (this.#turn % 2) * SLOT_DISTANCE);
      this.#position = position;
    });
    return this.#writing;
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#file.close();
  }
}

/** What WITNESS says, without opening it for writing; undefined where there is none. */
export async function readWitness(
  disk: Disk,
  folder: string,
): Promise<{ readonly turn: number; readonly position: BlockPosition | undefined } | undefined> {
  const path = `${folder}/WITNESS`;
  const file = await disk.open(path);
  if (file === undefined) return undefined;
  const bytes = Buffer.from(await readUpTo(file, FILE_BYTES + 1, 0));
  await file.close();
  if (bytes.length !== FILE_BYTES) {
    const message = `${path} has ${bytes.length} bytes, not ${FILE_BYTES}`;
    throw new JournalError("damaged", message, { file: path, offset: Math.min(bytes.length, FILE_BYTES) });
  }
  const slots = [decodeSlot(bytes.subarray(0, SLOT_BYTES)), decodeSlot(bytes.subarray(SLOT_DISTANCE))];
  const newest = slots.filter((slot) => slot !== undefined).sort((a, b) => b.turn - a.turn)[0];
  if (newest === undefined) {
    throw new JournalError("damaged", `${path}: neither slot is what was written`, { file: path, offset: 0 });
  }
  return newest;
}

function encodeSlot(turn: number, position: BlockPosition | undefined): Buffer {
  const bytes = Buffer.alloc(SLOT_BYTES);
  MAGIC.copy(bytes, 0);
  writeUInt64(bytes, turn, 8);
  writeUInt64(bytes, position?.block ?? 0, 16);
  bytes.writeUInt32LE(position?.segment ?? 0, 24);
  bytes.writeUInt32LE(position?.offset ?? 0, 28);
  writeUInt64(bytes, position?.endOffset ?? 0, 32);
  if (position !== undefined) bytes.write(position.hash, 40, "hex");
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60);
  return bytes;
}

function decodeSlot(
  bytes: Buffer,
): { readonly turn: number; readonly position: BlockPosition | undefined } | undefined {
  if (!bytes.subarray(0, 8).equals(MAGIC) || crc32(bytes.subarray(0, 60)) !== bytes.readUInt32LE(60)) return undefined;
  const block = readUInt64(bytes, 16);
  const position = {
    block,
    segment: bytes.readUInt32LE(24),
    offset: bytes.readUInt32LE(28),
    endOffset: readUInt64(bytes, 32),
    hash: bytes.toString("hex", 40, 56),
  };
  return { turn: readUInt64(bytes, 8), position: block === 0 ? undefined : position };
}
