import type { ServerWritableStream } from "@grpc/grpc-js";
import { OrderEventType } from "../../src/client/index.js";
import type { ReportPositionsRequest, WatchOrdersRequest } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import type { Position } from "../../src/gen/holdfast/v1/position_pb.js";
import { ScriptedIngest } from "../client/scripted-ingest.js";

/** A service that takes events, tells orders and takes positions. */
export class ScriptedService extends ScriptedIngest {
  readonly reports: { runId: string; full: boolean; positions: Position[] }[] = [];
  readonly cursors: string[] = [];
  #watch: ServerWritableStream<WatchOrdersRequest, object> | undefined;
  #orders = 0;

  readonly all = {
    ...this.script,
    watchOrders: (call: ServerWritableStream<WatchOrdersRequest, object>) => {
      this.cursors.push(call.request.cursor);
      this.#watch = call;
    },
    reportPositions: (call: NodeJS.EventEmitter, answer: (error: null, response: object) => void) => {
      const positions: Position[] = [];
      let runId = "";
      call.on("data", (message: ReportPositionsRequest) => {
        runId = message.runId;
        positions.push(...message.positions);
        if (message.last) this.reports.push({ runId, full: message.full, positions });
      });
      call.on("end", () => answer(null, { runId, compared: positions.length, drifted: 1 }));
    },
  };

  get isWatched(): boolean {
    return this.#watch !== undefined && !this.#watch.cancelled;
  }

  commit(reservationId: string, sku: string, quantity: number): void {
    this.#orders += 1;
    const lines = [{ sku, quantity: BigInt(quantity), remaining: BigInt(quantity) }];
    const event = { reservationId, dealerId: "d", warehouseId: "north", lines, type: OrderEventType.COMMITTED };
    this.#watch?.write({ event, cursor: `c${this.#orders}` });
  }

  /** Figures as the events that took effect make them. */
  figures(): Record<string, number> {
    const onHand: Record<string, number> = {};
    for (const { body } of this.applied) {
      if (body.case === undefined || body.case === "sourceHeartbeat") continue;
      const { value } = body as { value: { warehouseId: string; sku: string } };
      const key = `${value.warehouseId}/${value.sku}`;
      onHand[key] ??= 0;
      if (body.case === "stockReceived") onHand[key] += Number(body.value.quantity);
      else if (body.case === "stockAdjusted") onHand[key] += Number(body.value.delta);
      else if (body.case === "stockCounted") onHand[key] = Number(body.value.onHand);
      else if (body.case === "orderDispatched") onHand[key] -= Number(body.value.quantity);
    }
    return onHand;
  }
}
