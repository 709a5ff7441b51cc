/** What a newer version wrote is refused with both versions named, never taken for damage and never changed (decision 13). */
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { FORMAT, fillJournal, openRun, readAll, SEGMENT_1, SEGMENT_2, verifyAll } from "./journal-run.js";
import { MemoryDisk } from "./memory-disk.js";

/** Writes a field of a journal of this version as a newer one would, with a checksum that is right. */
interface Upgrade {
  readonly what: string;
  readonly path: string;
  readonly change: (bytes: Buffer) => Buffer;
}

const UPGRADES: readonly Upgrade[] = [
  { what: "FORMAT", path: FORMAT, change: (bytes) => withFormat(bytes, { at: 8, checksumAt: 28 }) },
  {
    what: "a longer FORMAT",
    path: FORMAT,
    change: (bytes) => Buffer.concat([withFormat(bytes, { at: 8, checksumAt: 28 }), Buffer.alloc(32, 1)]),
  },
  { what: "the first segment", path: SEGMENT_1, change: (bytes) => withFormat(bytes, { at: 8, checksumAt: 40 }) },
  { what: "the last segment", path: SEGMENT_2, change: (bytes) => withFormat(bytes, { at: 8, checksumAt: 40 }) },
];

describe.each(UPGRADES)("a newer format of $what", ({ path, change }) => {
  test("is refused at opening and when verified, with both versions", async () => {
    const disk = new MemoryDisk();
    await fillJournal(disk, 4, 1000, { segmentBytes: 4096 });
    disk.put(path, change(disk.bytesOf(path)));
    await expectRefused(disk, path);
  });
});

describe("a block of a newer format", () => {
  test.each([1, 2, 4])("as block %i is refused when it is read, with both versions", async (block) => {
    const disk = new MemoryDisk();
    await fillJournal(disk, 4, 1000, { segmentBytes: 4096 });
    const { blocks } = await verifyAll(disk);
    const { segment, offset } = blocks[block - 1]!.position;
    const path = segment === 1 ? SEGMENT_1 : SEGMENT_2;
    const bytes = disk.bytesOf(path);
    bytes.writeUInt16LE(2, offset + 4);
    bytes.writeUInt32LE(crc32(bytes.subarray(offset, offset + 64)), offset + 64);
    disk.put(path, bytes);
    const refused = { kind: "format", file: path, offset, message: expect.stringMatching(/format 2; .* up to 1/) };
    await expect(verifyAll(disk)).rejects.toMatchObject(refused);
    const reading = async () => readAll((await openRun(disk.copy(), { segmentBytes: 4096 })).reader);
    await expect(reading()).rejects.toMatchObject(refused);
  });
});

async function expectRefused(disk: MemoryDisk, path: string): Promise<void> {
  const refused = { kind: "format", file: path, message: expect.stringMatching(/format 2; .* up to 1/) };
  const before = disk.fingerprint();
  await expect(verifyAll(disk)).rejects.toMatchObject(refused);
  await expect(openRun(disk, { segmentBytes: 4096 })).rejects.toMatchObject(refused);
  expect(disk.fingerprint()).toEqual(before);
  expect(disk.openFiles).toBe(0);
}

function withFormat(bytes: Buffer, { at, checksumAt }: { readonly at: number; readonly checksumAt: number }): Buffer {
  bytes.writeUInt32LE(2, at);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, checksumAt)), checksumAt);
  return bytes;
}
