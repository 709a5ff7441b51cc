/** Nothing of a snapshot is believed unless it is proven: pages by the page table, the checkpoint file by its own sum (decision 4). */
import { createHash } from "node:crypto";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { beforeAll, describe, expect, it, test } from "vitest";
import { CheckpointSchema } from "../../src/gen/holdfast/journal/v1/state_pb.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/snapshots/checkpoint.js";
import { LogStore } from "../../src/snapshots/log-store.js";
import { PageSpace } from "../../src/snapshots/page-space.js";
import { type PageStore, SnapshotDamaged } from "../../src/snapshots/page-store.js";
import { reserve } from "../actor/commands.js";
import { NodeHarness, SETTINGS } from "../node/node-harness.js";
import { COLUMN, Pages } from "./table-harness.js";

const page = (text: string) => new Uint8Array(Buffer.from(text));
/** As page-space.ts lays it out: u8 table, u32 partition, u32 page, u32 generation. */
function storeKey(pageNumber: number, generation: number): Uint8Array {
  const key = Buffer.alloc(13);
  key.writeUInt8(COLUMN.table, 0);
  key.writeUInt32BE(COLUMN.partition, 1);
  key.writeUInt32BE(pageNumber, 5);
  key.writeUInt32BE(generation, 9);
  return key;
}

describe("a page", () => {
  async function written(): Promise<Pages> {
    const pages = new Pages();
    for (const text of ["old", "new"]) {
      pages.space.stage(COLUMN, 0, page(text));
      pages.space.stage(COLUMN, 1, page(`${text} neighbour`));
      await pages.write();
    }
    return pages;
  }

  it("is read as it was written, through a restart", async () => {
    const pages = await written();
    expect(pages.asStored().read(COLUMN, 0)).toEqual(page("new"));
    expect(pages.asStored().read(COLUMN, 7)).toBeUndefined();
  });

  it("that is missing is damage", async () => {
    const pages = await written();
    await pages.store.write({ puts: [], deletes: [storeKey(0, 2)] });
    expect(() => pages.asStored().read(COLUMN, 0)).toThrow(SnapshotDamaged);
    expect(pages.asStored().read(COLUMN, 1)).toEqual(page("new neighbour"));
  });

  it.each([
    ["stale", page("old")],
    ["another's", page("new neighbour")],
    ["cut", page("ne")],
    ["empty", page("")],
    ["a bit off", page("nev")],
  ])("that is %s is damage", async (_, value) => {
    const pages = await written();
    await pages.store.write({ puts: [{ key: storeKey(0, 2), value }], deletes: [] });
    expect(() => pages.asStored().read(COLUMN, 0)).toThrow(/is not what was written/);
  });

  it("that the store cannot read is damage, with the store's error as its cause", async () => {
    const pages = await written();
    const cause = new Error("Corruption: bad block");
    const broken: PageStore = {
      get() {
        throw cause;
      },
      write: async () => {},
      close: async () => {},
    };
    const space = new PageSpace(broken, pages.space.table);
    expect(() => space.read(COLUMN, 0)).toThrow(expect.objectContaining({ name: "SnapshotDamaged", cause }));
  });

  it("is found in the overlay until its checkpoint is written, and the old one stays until then", async () => {
    const pages = await written();
    pages.space.stage(COLUMN, 0, page("newest"));
    expect(pages.space.read(COLUMN, 0)).toEqual(page("newest"));
    expect(pages.asStored().read(COLUMN, 0)).toEqual(page("new"));
    await pages.write();
    expect(pages.asStored().read(COLUMN, 0)).toEqual(page("newest"));
    expect(pages.store.get(storeKey(0, 2))).toBeDefined();
  });

  it("of a replaced version is deleted one checkpoint later, also over a restart", async () => {
    const pages = await written();
    expect(pages.store.get(storeKey(0, 1))).toBeDefined();
    pages.reopen();
    await pages.write();
    expect(pages.store.get(storeKey(0, 1))).toBeUndefined();
    expect(pages.store.get(storeKey(0, 2))).toBeDefined();
  });

  it("that was written ahead of its checkpoint is proven by its own hash, not by the table's", async () => {
    const pages = new Pages();
    for (let index = 0; index < 300; index++) pages.space.stage(COLUMN, index, page(`page ${index}`));
    pages.space.writeAhead(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(pages.store.get(storeKey(0, 1))).toEqual(page("page 0"));
    expect(pages.space.read(COLUMN, 0)).toEqual(page("page 0"));
    await pages.store.write({ puts: [{ key: storeKey(1, 1), value: page("page 0") }], deletes: [] });
    expect(() => pages.space.read(COLUMN, 1)).toThrow(/is not what was written/);
    await pages.write();
    expect(pages.asStored().read(COLUMN, 299)).toEqual(page("page 299"));
  });
});

describe("the checkpoint file", () => {
  let bytes: Uint8Array;
  let node: NodeHarness;

  beforeAll(async () => {
    node = await NodeHarness.start();
    await node.receive("Süd", 10);
    for (let index = 0; index < 5; index++) await node.ask(reserve(`r${index}`, { Süd: 1 }), () => 0);
    await node.until(node.node.engine.stop());
    bytes = node.checkpoint!;
  });

  const open = (changed: Uint8Array) =>
    LogStore.open(node.pages, { read: async () => changed, write: async () => {} }, SETTINGS);

  it("opens as it was written", async () => {
    const store = await open(bytes);
    expect(store.checkpointPosition).toEqual(node.journal.head);
    expect(store.partition(1).stocks.find("Süd")).toMatchObject({ onHand: 10, reserved: 5 });
  });

  test("every flipped byte of it is noticed", () => {
    expect(bytes.length).toBeGreaterThan(300);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 1 << (at % 8);
      expect(() => decodeCheckpoint(changed), `byte ${at}`).toThrow(SnapshotDamaged);
    }
  });

  test("every shorter and every longer file is noticed", () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeCheckpoint(bytes.subarray(0, length)), `${length} bytes`).toThrow(SnapshotDamaged);
    }
    expect(() => decodeCheckpoint(Buffer.concat([bytes, Buffer.alloc(1)]))).toThrow(SnapshotDamaged);
  });

  const MAGIC_BYTES = 8;
  const body = () => bytes.subarray(MAGIC_BYTES, bytes.length - 32);
  const sealed = (message: Uint8Array) => {
    const whole = Buffer.concat([bytes.subarray(0, MAGIC_BYTES), message]);
    return Buffer.concat([whole, createHash("sha256").update(whole).digest()]);
  };

  it("is holdfast.journal.v1.Checkpoint: protobuf-es reads it, and what that writes is read here", () => {
    const message = fromBinary(CheckpointSchema, body());
    const position = node.journal.head!;
    expect(message).toMatchObject({
      format: 1,
      generation: 1,
      timeMs: BigInt(node.nowMs),
      position: { block: BigInt(position.block), hash: position.hash },
      partitions: [{ partition: 0 }, { partition: 1, warehouseId: "W1", sequence: 6n }],
    });
    const again = decodeCheckpoint(sealed(toBinary(CheckpointSchema, message)));
    expect(Buffer.from(encodeCheckpoint(again)).equals(bytes)).toBe(true);
  });

  it("of a newer format is refused with both versions, though its sum is right", () => {
    const newer = { ...fromBinary(CheckpointSchema, body()), format: 2 };
    expect(() => decodeCheckpoint(sealed(toBinary(CheckpointSchema, newer)))).toThrow(
      "the checkpoint has format 2; this version reads 1",
    );
  });

  it("of a newer format is refused by its number even where the rest cannot be read", () => {
    const unreadable = Buffer.from([0x08, 0x02, 0x18, 0x01]);
    expect(() => decodeCheckpoint(sealed(unreadable))).toThrow("the checkpoint has format 2; this version reads 1");
  });

  it.each([
    ["is empty", { position: undefined, columns: [] }, "names no block"],
    [
      "has a ragged column",
      { columns: [{ table: 1, partition: 1, generations: new Uint8Array(5) }] },
      "cannot be read",
    ],
  ])("that %s is damage, though its sum is right", (_, changes, why) => {
    const { $typeName, ...fields } = fromBinary(CheckpointSchema, body());
    const message = create(CheckpointSchema, { ...fields, ...changes } as MessageInitShape<typeof CheckpointSchema>);
    const damaged = expect(() => decodeCheckpoint(sealed(toBinary(CheckpointSchema, message))));
    damaged.toThrow(SnapshotDamaged);
    damaged.toThrow(why);
  });
});
