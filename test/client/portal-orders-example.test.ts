/** What docs/portals.md says of a dealer's orders: its code is taken from the page, type checked, and run. */
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OrderEvent, OrderEventType } from "../../src/client/index.js";
import type { WatchOrdersRequest } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { ServiceHarness } from "../api/service-harness.js";
import { PageExample } from "./page-example.js";
import { refused, type StreamScript, startScriptedServer } from "./scripted-server.js";

interface Example {
  followOrders(
    inbox: object,
    options: { readonly dealerId: string; readonly address: string; readonly signal: AbortSignal },
  ): Promise<void>;
}

let example: PageExample<Example>;
beforeAll(async () => {
  example = await PageExample.load<Example>("portals.md", "followOrders");
});
afterAll(() => example.remove());

/** Keeps what it is told; `enough` of it ends the reading. */
class ListInbox {
  readonly texts: string[] = [];
  readonly ids: string[] = [];
  readonly stop = new AbortController();

  constructor(
    readonly enough: number,
    public cursor = "",
  ) {}

  async tell({ eventId }: OrderEvent, text: string): Promise<void> {
    this.ids.push(eventId);
    this.texts.push(text);
  }

  async keep(cursor: string): Promise<void> {
    this.cursor = cursor;
    if (this.texts.length >= this.enough) this.stop.abort();
  }
}

test("the example has the types that it says", () => example.checkTypes());

test("a dealer is told all of his own over two lives of his program, and what to do about a hold that expired", async () => {
  const service = await ServiceHarness.start();
  await service.receive("A", 100);
  const follow = (inbox: ListInbox) =>
    example.exports.followOrders(inbox, { dealerId: "D7", address: service.address, signal: inbox.stop.signal });
  const first = new ListInbox(1);
  const following = follow(first);
  await service.hold("A", 1, { dealerId: "D1", orderId: "O1", commit: true });
  await service.hold("A", 1, { dealerId: "D7", orderId: "O7", commit: true });
  await following;
  const holdDuration = { seconds: 0n, nanos: 1_000_000 };
  await service.hold("A", 2, { dealerId: "D7", orderId: "O8", holdDuration });
  const second = new ListInbox(2, first.cursor);
  await follow(second);
  expect([...first.texts, ...second.texts]).toEqual([
    `Order O7: ${OrderEventType[OrderEventType.COMMITTED]}`,
    `Order O8: ${OrderEventType[OrderEventType.EXPIRED]}`,
    "Order O8 was not approved in time. Send it again.",
  ]);
  expect(new Set([...first.ids, ...second.ids]).size).toBe(3);
  await service.stop();
});

test("a dealer whose cursor is too old goes on from the oldest one", async () => {
  const asked: string[] = [];
  const metadata = { oldest_cursor: "40" };
  const server = await startScriptedServer({
    watchOrders: (call: Parameters<StreamScript>[0]) => {
      const { cursor } = call.request as WatchOrdersRequest;
      asked.push(cursor);
      if (cursor === "40") call.write({ event: { eventId: "o41", orderId: "O1" }, cursor: "41" });
      else
        call.emit("error", refused({ code: status.OUT_OF_RANGE, message: "gone", reason: "CURSOR_TOO_OLD", metadata }));
    },
  });
  const inbox = new ListInbox(1, "3");
  await example.exports.followOrders(inbox, { dealerId: "D7", address: server.address, signal: inbox.stop.signal });
  expect({ asked, ids: inbox.ids, cursor: inbox.cursor }).toEqual({ asked: ["3", "40"], ids: ["o41"], cursor: "41" });
  server.stop();
});
