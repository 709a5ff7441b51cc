/**
 * WITNESS names the last block known durable (decision 2): two slots in sectors of their own, written in turn, the newest valid one counts.
 * A slot, little endian: magic, turn u64, block u64, segment u32, offset u32, end offset u64, hash 16 bytes, flags u32, CRC-32.
 * Flag 1: the journal was stopped after that block, nothing was written since.
 */
import { crc32 } from "node:zlib";
import { readUInt64, writeUInt64 } from "./block.js";
import { type Disk, type DiskFile, readUpTo, writeAll, writeFileAtomically } from "./disk.js";
import { type BlockPosition, JournalError } from "./journal.js";

const MAGIC = Buffer.from("HFWITNS\n", "latin1");
const SLOT_BYTES = 64;
const SLOT_DISTANCE = 4096;
const FILE_BYTES = SLOT_DISTANCE * 2;
const STOPPED = 1;

/** What WITNESS says. */
export interface WitnessSays {
  /** The last block known durable; undefined while there is none. */
  readonly position: BlockPosition | undefined;
  /** The journal was stopped after that block, and nothing was written since. */
  readonly isStopped: boolean;
}

interface Slot extends WitnessSays {
  readonly turn: number;
}

/** The WITNESS of an open journal. */
export class Witness {
  readonly #file: DiskFile;
  #slot: Slot;
  #writing: Promise<void> = Promise.resolve();

  private constructor(file: DiskFile, slot: Slot) {
    this.#file = file;
    this.#slot = slot;
  }

  get says(): WitnessSays {
    return this.#slot;
  }

  /** Makes the WITNESS of a new journal. */
  static async create(disk: Disk, folder: string): Promise<Witness> {
    const slot: Slot = { turn: 0, position: undefined, isStopped: false };
    const bytes = Buffer.alloc(FILE_BYTES);
    encodeSlot(slot).copy(bytes, 0);
    await writeFileAtomically(disk, folder, "WITNESS", bytes);
    return new Witness(await disk.openDurable(`${folder}/WITNESS`), slot);
  }

  /** Opens it; undefined where there is none. Throws `damaged` when it is short or neither slot is valid. */
  static async open(disk: Disk, folder: string): Promise<Witness | undefined> {
    const slot = await readSlots(disk, folder);
    if (slot === undefined) return undefined;
    return new Witness(await disk.openDurable(`${folder}/WITNESS`), slot);
  }

  /** Makes it durable that this block is; later calls wait for earlier ones, and writes that would say nothing new are left out. */
  write(position: BlockPosition | undefined): Promise<void> {
    return this.#write(position, false);
  }

  /** Says besides that nothing comes after the block until WITNESS is written again. */
  writeStopped(position: BlockPosition | undefined): Promise<void> {
    return this.#write(position, true);
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#file.close();
  }

  #write(position: BlockPosition | undefined, isStopped: boolean): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const isNews = (position?.block ?? 0) > (this.#slot.position?.block ?? 0);
      if (!isNews && isStopped === this.#slot.isStopped) return;
      const slot = { turn: this.#slot.turn + 1, position: isNews ? position : this.#slot.position, isStopped };
      await writeAll(this.#file, encodeSlot(slot), SLOT_BYTES, (slot.turn % 2) * SLOT_DISTANCE);
      this.#slot = slot;
    });
    return this.#writing;
  }
}

/** What WITNESS says, without opening it for writing; undefined where there is none. */
export async function readWitness(disk: Disk, folder: string): Promise<WitnessSays | undefined> {
  return readSlots(disk, folder);
}

async function readSlots(disk: Disk, folder: string): Promise<Slot | undefined> {
  const path = `${folder}/WITNESS`;
  const file = await disk.open(path);
  if (file === undefined) return undefined;
  const bytes = Buffer.from(await readWhole(file));
  if (bytes.length !== FILE_BYTES) {
    const message = `${path} has ${bytes.length} bytes, not ${FILE_BYTES}`;
    throw new JournalError("damaged", message, { file: path, offset: Math.min(bytes.length, FILE_BYTES) });
  }
  const slots = [decodeSlot(bytes.subarray(0, SLOT_BYTES)), decodeSlot(bytes.subarray(SLOT_DISTANCE))];
  const [newest, older] = slots.filter((slot) => slot !== undefined).sort((a, b) => b.turn - a.turn);
  if (newest === undefined) {
    throw new JournalError("damaged", `${path}: neither slot is what was written`, { file: path, offset: 0 });
  }
  // A slot that cannot be read may be the newer one, and may have taken the word back.
  return { ...newest, isStopped: newest.isStopped && older !== undefined };
}

async function readWhole(file: DiskFile): Promise<Uint8Array> {
  try {
    return await readUpTo(file, FILE_BYTES + 1, 0);
  } finally {
    await file.close();
  }
}

function encodeSlot({ turn, position, isStopped }: Slot): Buffer {
  const bytes = Buffer.alloc(SLOT_BYTES);
  MAGIC.copy(bytes, 0);
  writeUInt64(bytes, turn, 8);
  writeUInt64(bytes, position?.block ?? 0, 16);
  bytes.writeUInt32LE(position?.segment ?? 0, 24);
  bytes.writeUInt32LE(position?.offset ?? 0, 28);
  writeUInt64(bytes, position?.endOffset ?? 0, 32);
  if (position !== undefined) bytes.write(position.hash, 40, "hex");
  bytes.writeUInt32LE(isStopped ? STOPPED : 0, 56);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60);
  return bytes;
}

function decodeSlot(bytes: Buffer): Slot | undefined {
  if (!bytes.subarray(0, 8).equals(MAGIC) || crc32(bytes.subarray(0, 60)) !== bytes.readUInt32LE(60)) return undefined;
  const block = readUInt64(bytes, 16);
  const position = {
    block,
    segment: bytes.readUInt32LE(24),
    offset: bytes.readUInt32LE(28),
    endOffset: readUInt64(bytes, 32),
    hash: bytes.toString("hex", 40, 56),
  };
  return {
    turn: readUInt64(bytes, 8),
    position: block === 0 ? undefined : position,
    isStopped: bytes.readUInt32LE(56) === STOPPED,
  };
}
