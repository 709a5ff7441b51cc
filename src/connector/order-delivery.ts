/**
 * Follows what becomes of the orders of the source's warehouses and hands it to the ERP, in order, from a cursor that is kept.
 *
 * 1. The cursor is kept after the ERP has the event: after a crash the event is handed over again, and the adapter knows it.
 * 2. While the ERP does not answer, the same event is tried until it does.
 * 3. An event that the ERP refuses holds up its own reservation only. It is kept and tried again from time to time; so many at
 *    most, then all wait: nothing is dropped.
 */
import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { GrpcStatus, type HoldfastClient, HoldfastError, type OrderEvent, OrderEventSchema } from "../client/index.js";
import type { RetryEnvironment } from "../client/retry.js";
import type { ConnectorLog } from "./connector-log.js";
import { type ErpAdapter, ErpRefusal } from "./erp-adapter.js";
import type { StateStore } from "./state-file.js";

/** As it stands in the file. */
export interface StoredOrders {
  readonly version: 1;
  readonly cursor: string;
  /** Refused by the ERP, or behind one of the same reservation that was; oldest first. */
  readonly refused: readonly JsonValue[];
}

export interface OrderDeliveryParts {
  readonly source: string;
  readonly client: Pick<HoldfastClient, "watchOrders">;
  readonly deliver: NonNullable<ErpAdapter["deliverOrder"]>;
  readonly store: StateStore<StoredOrders>;
  readonly environment: RetryEnvironment;
  readonly log: ConnectorLog;
}

const REFUSED_MAX = 1_000;
const TRY_REFUSED_EVERY_MS = 5 * 60_000;
const ERP_AWAY_WAIT_MS = 1_000;

export class OrderDelivery {
  readonly #parts: OrderDeliveryParts;
  #cursor = "";
  #refused: OrderEvent[] = [];
  #refusedDueAtMs = 0;

  constructor(parts: OrderDeliveryParts) {
    this.#parts = parts;
  }

  /** Until the signal aborts. Throws what another try would not change. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#load();
    while (!signal.aborted) {
      await this.#tryRefused(signal);
      await this.#follow(signal).catch((error: unknown) => this.#startOver(error));
    }
  }

  /** Ends now and then without a failure, so that refused events are tried again also while no new ones come. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { client, source, log, environment } = this.#parts;
    const round = new AbortController();
    const end = (): void => round.abort();
    signal.addEventListener("abort", end, { once: true });
    if (this.#refused.length > 0) environment.sleep(TRY_REFUSED_EVERY_MS, round.signal).then(end, () => {});
    const start = this.#cursor === "" ? { fromOldest: true } : { cursor: this.#cursor };
    const onDisconnect = (error: Error): void => log.warn({ reason: error.message }, "order events interrupted");
    try {
      for await (const { event, cursor } of client.watchOrders({
        source,
        ...start,
        signal: round.signal,
        onDisconnect,
      })) {
        if (event !== undefined && !(await this.#handOver(event, signal))) return;
        if (cursor !== "") await this.#keep(cursor);
        if (this.#refused.length > 0 && environment.nowMs() >= this.#refusedDueAtMs) return;
      }
    } finally {
      signal.removeEventListener("abort", end);
      end();
    }
  }

  /** False when it ended with the connector and the event is still to be handed over. */
  async #handOver(event: OrderEvent, signal: AbortSignal): Promise<boolean> {
    const { log } = this.#parts;
    const isBehind = this.#refused.some(({ reservationId }) => reservationId === event.reservationId);
    const outcome = isBehind ? "refused" : await this.#deliver(event, signal);
    if (outcome !== "refused") return outcome === "delivered";
    while (this.#refused.length >= REFUSED_MAX && !signal.aborted) {
      log.error({ refused: REFUSED_MAX }, "too many orders are refused by the ERP: the others wait");
      await this.#parts.environment.sleep(TRY_REFUSED_EVERY_MS, signal).catch(() => {});
      await this.#tryRefused(signal);
    }
    if (signal.aborted) return false;
    this.#refused.push(event);
    return true;
  }

  async #deliver(event: OrderEvent, signal: AbortSignal): Promise<"delivered" | "refused" | "ended"> {
    const { log, environment, deliver } = this.#parts;
    const { reservationId, orderId, dealerId } = event;
    while (!signal.aborted) {
      try {
        await deliver(event, signal);
        log.debug({ reservationId, type: event.type }, "order event handed to the ERP");
        return "delivered";
      } catch (error) {
        if (signal.aborted) break;
        const reason = error instanceof Error ? error.message : String(error);
        if (error instanceof ErpRefusal) {
          log.error({ reservationId, orderId, dealerId, reason }, "the ERP refuses an order; it is tried again later");
          return "refused";
        }
        log.warn({ reservationId, reason }, "the ERP did not take an order event; trying again");
        await environment.sleep(ERP_AWAY_WAIT_MS * (1 + environment.random()), signal).catch(() => {});
      }
    }
    return "ended";
  }

  async #tryRefused(signal: AbortSignal): Promise<void> {
    this.#refusedDueAtMs = this.#parts.environment.nowMs() + TRY_REFUSED_EVERY_MS;
    if (this.#refused.length === 0) return;
    const stillRefused: OrderEvent[] = [];
    const held = new Set<string>();
    for (const event of this.#refused) {
      const isHeld = held.has(event.reservationId);
      if (!isHeld && (await this.#deliver(event, signal)) === "delivered") continue;
      held.add(event.reservationId);
      stillRefused.push(event);
    }
    if (stillRefused.length === this.#refused.length) return;
    this.#refused = stillRefused;
    await this.#keep(this.#cursor);
  }

  #startOver(error: unknown): void {
    if (!(error instanceof HoldfastError) || error.code !== GrpcStatus.OUT_OF_RANGE) throw error;
    // Older than what Holdfast keeps: what it still has is handed over, and the adapter knows what it had before.
    this.#parts.log.error({ reason: error.message }, "order events are lost; going on with the oldest that is kept");
    this.#cursor = "";
  }

  async #load(): Promise<void> {
    const stored = await this.#parts.store.load();
    if (stored === undefined) return;
    if (stored.version !== 1) throw new Error(`the order state has version ${stored.version}; this program knows 1`);
    this.#cursor = stored.cursor;
    this.#refused = stored.refused.map((event) => fromJson(OrderEventSchema, event));
  }

  async #keep(cursor: string): Promise<void> {
    const refused = this.#refused.map((event) => toJson(OrderEventSchema, event));
    await this.#parts.store.save({ version: 1, cursor, refused });
    this.#cursor = cursor;
  }
}
