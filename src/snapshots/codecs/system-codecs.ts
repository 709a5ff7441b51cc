/** The items of the system's partition: epochs, warehouses, registered dealers, policies, ERP sources, dead letters. */
import type { IncomingErpEvent } from "../../domain/erp-event.js";
import type { SourcePut } from "../../domain/event.js";
import type { PolicyFields, PolicyItem } from "../../domain/policy.js";
import { Source } from "../../domain/source.js";
import type {
  DeadLetter,
  EpochItem,
  PastWarehouse,
  RegisteredDealer,
  SourceItem,
  WarehouseItem,
} from "../../domain/system-state.js";
import { codeOf, DEAD_LETTER_STATES, nameOf } from "../../journal/records/codes.js";
import { readErpEvent, writeErpEvent } from "../../journal/records/erp-codec.js";
import { readPolicyPut, writePolicyPut } from "../../journal/records/policy-codec.js";
import { readSourcePut, writeSourcePut } from "../../journal/records/source-codec.js";
import { WireError, type WireReader } from "../../journal/records/wire.js";
import type { ItemCodec } from "../item-codec.js";

/** holdfast.journal.v1.Epoch */
export const epochCodec: ItemCodec<EpochItem> = {
  write: (writer, epoch) => writer.string(1, epoch.nonce),
  read: (reader, number) => ({ number, nonce: readText(reader) }),
};

/** holdfast.journal.v1.Warehouse */
export const warehouseCodec: ItemCodec<WarehouseItem> = {
  write: (writer, warehouse) => writer.string(1, warehouse.warehouseId),
  read: (reader, number) => ({ number, warehouseId: readText(reader) }),
};

function readText(reader: WireReader): string {
  let text = "";
  while (reader.next()) {
    if (reader.field === 1) text = reader.string();
    else reader.skip();
  }
  return text;
}

/** holdfast.journal.v1.Dealer */
export const dealerCodec: ItemCodec<RegisteredDealer> = {
  write(writer, dealer) {
    writer.string(1, dealer.dealerId);
    writer.string(2, dealer.name);
    writer.string(3, dealer.warehouseId);
    for (const past of dealer.past) {
      const mark = writer.begin(4);
      writer.string(1, past.warehouseId);
      writer.int(2, past.untilMs);
      writer.end(mark);
    }
  },
  read(reader, number) {
    const texts = ["", "", "", ""];
    const past: PastWarehouse[] = [];
    while (reader.next()) {
      if (reader.field === 4) past.push(readPast(reader));
      else if (reader.field <= 3) texts[reader.field] = reader.string();
      else reader.skip();
    }
    return { number, dealerId: texts[1]!, name: texts[2]!, warehouseId: texts[3]!, past };
  },
};

function readPast(reader: WireReader): PastWarehouse {
  const outer = reader.enter();
  let warehouseId = "";
  let untilMs = 0;
  while (reader.next()) {
    if (reader.field === 1) warehouseId = reader.string();
    else if (reader.field === 2) untilMs = reader.int();
    else reader.skip();
  }
  reader.leave(outer);
  return { warehouseId, untilMs };
}

/** holdfast.journal.v1.PolicyEntry */
export const policyCodec: ItemCodec<PolicyItem> = {
  write(writer, policy) {
    const mark = writer.begin(1);
    writePolicyPut(writer, { scope: policy.scope, fields: policy.fields, attribution: { actor: "", reason: "" } });
    writer.end(mark);
    writer.int(2, policy.stockChanges);
    writer.int(3, policy.longestHoldMs);
  },
  read(reader, number) {
    let scope = { warehouseId: "", sku: "", dealerId: "" };
    let fields: PolicyFields = {};
    let stockChanges = 0;
    let longestHoldMs = 0;
    while (reader.next()) {
      if (reader.field === 1) {
        const outer = reader.enter();
        ({ scope, fields } = readPolicyPut(reader));
        reader.leave(outer);
      } else if (reader.field === 2) stockChanges = reader.int();
      else if (reader.field === 3) longestHoldMs = reader.int();
      else reader.skip();
    }
    return { number, scope, fields, stockChanges, longestHoldMs };
  },
};

/** holdfast.journal.v1.Source */
export const sourceCodec: ItemCodec<SourceItem> = {
  write(writer, { source }) {
    writer.string(1, source.name);
    writer.int(2, source.applied);
    writer.int(3, source.lastEventAtMs);
    writer.packed(4, [...source.stocks.keys()]);
    for (const event of source.buffered.values()) writeErpEvent(writer, 5, event);
    writer.packed(
      12,
      [...source.buffered.keys()].map((sequence) => source.bufferedAtMs(sequence)),
    );
    for (const { chunk, hashes } of source.rememberedChunks()) {
      const mark = writer.begin(6);
      writer.int(1, chunk);
      writer.raw(2, new Uint8Array(hashes.buffer));
      writer.end(mark);
    }
    const { warehouseIds, thresholds } = source;
    if (warehouseIds.length > 0 || Object.keys(thresholds).length > 0) {
      const mark = writer.begin(7);
      writeSourcePut(writer, { source: "", warehouseIds, thresholds, attribution: { actor: "", reason: "" } });
      writer.end(mark);
    }
    writer.int(8, source.staleSinceMs);
    writer.packed(
      10,
      source.skipped.runs.flatMap(({ first, last }) => [first, last]),
    );
    writer.packed(11, [...source.stocks.values()]);
  },
  read(reader, number) {
    let name = "";
    let applied = 0;
    let lastEventAtMs = 0;
    let partitions: readonly number[] = [];
    let stocks: readonly number[] = [];
    let skipped: readonly number[] = [];
    let put: Pick<SourcePut, "warehouseIds" | "thresholds"> = { warehouseIds: [], thresholds: {} };
    let staleSinceMs = 0;
    let bufferedAtMs: readonly number[] = [];
    const buffered: IncomingErpEvent[] = [];
    const chunks: { readonly chunk: number; readonly hashes: Uint32Array }[] = [];
    while (reader.next()) {
      if (reader.field === 1) name = reader.string();
      else if (reader.field === 2) applied = reader.int();
      else if (reader.field === 3) lastEventAtMs = reader.int();
      else if (reader.field === 4) partitions = reader.packed();
      else if (reader.field === 5) buffered.push(readErpEvent(reader));
      else if (reader.field === 12) bufferedAtMs = reader.packed();
      else if (reader.field === 6) chunks.push(readChunk(reader));
      else if (reader.field === 7) {
        const outer = reader.enter();
        put = readSourcePut(reader);
        reader.leave(outer);
      } else if (reader.field === 8) staleSinceMs = reader.int();
      else if (reader.field === 10) skipped = reader.packed();
      else if (reader.field === 11) stocks = reader.packed();
      else reader.skip();
    }
    const source = new Source(number, name);
    source.applied = applied;
    source.lastEventAtMs = lastEventAtMs;
    for (const [index, partition] of partitions.entries()) source.loadStocks(partition, stocks[index] ?? 0);
    buffered.forEach((event, index) => {
      source.buffer(event, bufferedAtMs[index] ?? 0);
    });
    source.warehouseIds = put.warehouseIds;
    source.thresholds = put.thresholds;
    source.staleSinceMs = staleSinceMs;
    for (let at = 0; at < skipped.length; at += 2)
      source.skipped.append({ first: skipped[at]!, last: skipped[at + 1]! });
    for (const { chunk, hashes } of chunks) source.loadChunk(chunk, hashes);
    return { number, source };
  },
};

function readChunk(reader: WireReader): { readonly chunk: number; readonly hashes: Uint32Array } {
  const outer = reader.enter();
  let chunk = 0;
  let hashes = new Uint32Array(0);
  while (reader.next()) {
    if (reader.field === 1) chunk = reader.int();
    else if (reader.field === 2) hashes = new Uint32Array(Uint8Array.from(reader.raw()).buffer);
    else reader.skip();
  }
  reader.leave(outer);
  return { chunk, hashes };
}

/** holdfast.journal.v1.DeadLetter */
export const deadLetterCodec: ItemCodec<DeadLetter> = {
  write(writer, letter) {
    writeErpEvent(writer, 1, letter.event);
    writer.string(2, letter.reason);
    writer.int(3, letter.createdAtMs);
    writer.int(4, codeOf(DEAD_LETTER_STATES, letter.state));
  },
  read(reader, number) {
    let event: IncomingErpEvent | undefined;
    let reason = "";
    let createdAtMs = 0;
    let state: DeadLetter["state"] = "OPEN";
    while (reader.next()) {
      if (reader.field === 1) event = readErpEvent(reader);
      else if (reader.field === 2) reason = reader.string();
      else if (reader.field === 3) createdAtMs = reader.int();
      else if (reader.field === 4) state = nameOf(DEAD_LETTER_STATES, reader.int());
      else reader.skip();
    }
    if (event === undefined) throw new WireError("a dead letter without its event");
    return { number, event, reason, createdAtMs, state };
  },
};
