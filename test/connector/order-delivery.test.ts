import type { ServerWritableStream } from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { OrderEventType } from "../../src/client/index.js";
import { ErpRefusal } from "../../src/connector/erp-adapter.js";
import { ErpUnavailable } from "../../src/connector/erp-guard.js";
import type { WatchOrdersRequest } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { refused } from "../client/scripted-server.js";
import { ConnectorWorld, until } from "./connector-world.js";

type Call = ServerWritableStream<WatchOrdersRequest, object>;

interface Orders {
  readonly world: ConnectorWorld;
  /** What the watches asked for: a cursor, or "oldest". */
  readonly asked: string[];
  /** One more event of a reservation happens. */
  happen(reservationId: string): void;
  /** Up to this cursor nothing is kept any more. */
  forget(cursor: number): void;
}

/** Holdfast as the contract has it: events with cursors 1, 2, 3 ..., from behind a cursor or from the oldest that is kept. */
async function worldWithOrders(): Promise<Orders> {
  const events: object[] = [];
  const calls = new Set<Call>();
  const asked: string[] = [];
  let forgotten = 0;
  const tell = (call: Call, index: number): void => {
    call.write({ event: events[index], cursor: String(index + 1) });
  };
  const world = await ConnectorWorld.start({
    watchOrders: (call: Call) => {
      const { cursor, fromOldest } = call.request;
      asked.push(fromOldest ? "oldest" : cursor);
      if (!fromOldest && Number(cursor) < forgotten) {
        call.emit("error", refused({ code: status.OUT_OF_RANGE, message: "too old", reason: "CURSOR_TOO_OLD" }));
        return;
      }
      for (let index = fromOldest ? forgotten : Number(cursor); index < events.length; index++) tell(call, index);
      calls.add(call);
      call.on("cancelled", () => calls.delete(call));
    },
  });
  return {
    world,
    asked,
    happen(reservationId) {
      events.push({ eventId: `o${events.length + 1}`, type: OrderEventType.COMMITTED, reservationId });
      for (const call of calls) tell(call, events.length - 1);
    },
    forget(cursor) {
      forgotten = cursor;
    },
  };
}

const given = ({ world }: Orders): string[] => world.erp.orders.map(({ eventId }) => eventId);

describe("orders", () => {
  test("are handed over in order from the oldest, and after a restart from where it ended", async () => {
    const orders = await worldWithOrders();
    for (const id of ["r1", "r2"]) orders.happen(id);
    const first = orders.world.connect({ orders: true });
    await until(() => orders.world.storedOrders?.cursor === "2");
    await first.stop();
    orders.happen("r3");
    orders.world.connect({ orders: true });
    await until(() => orders.world.storedOrders?.cursor === "3");
    expect(given(orders)).toEqual(["o1", "o2", "o3"]);
    expect(orders.asked).toEqual(["oldest", "2"]);
  });

  test("are told again after a crash between the ERP and the state, and never left out", async () => {
    for (const crash of ["orders before it is kept", "orders after it is kept"]) {
      const orders = await worldWithOrders();
      for (const id of ["r1", "r2", "r3"]) orders.happen(id);
      let steps = 0;
      orders.world.onStep = (step) => {
        if (step === crash && ++steps === 2) orders.world.die();
      };
      const first = orders.world.connect({ orders: true });
      await first.ended.catch(() => {});
      orders.world.onStep = () => {};
      orders.world.connect({ orders: true });
      await until(() => orders.world.storedOrders?.cursor === "3");
      const twice = crash === "orders before it is kept" ? ["o2"] : [];
      expect(given(orders)).toEqual(["o1", "o2", ...twice, "o3"]);
    }
  });

  test("wait for an ERP that is away, in their order", async () => {
    const orders = await worldWithOrders();
    let failures = 0;
    orders.world.erp.beforeDelivery = () => {
      if (++failures <= 3) throw new ErpUnavailable("away");
    };
    for (const id of ["r1", "r2"]) orders.happen(id);
    orders.world.connect({ orders: true });
    await until(() => orders.world.storedOrders?.cursor === "2");
    expect(given(orders)).toEqual(["o1", "o2"]);
  });

  test("that are refused hold up their reservation alone, outlive a restart, and are handed over once they will do", async () => {
    const orders = await worldWithOrders();
    let refuses = true;
    orders.world.erp.beforeDelivery = ({ reservationId }) => {
      if (refuses && reservationId === "r1") throw new ErpRefusal("no such party");
    };
    for (const id of ["r1", "r2", "r1", "r3"]) orders.happen(id);
    const first = orders.world.connect({ orders: true });
    await until(() => orders.world.storedOrders?.cursor === "4");
    expect(given(orders)).toEqual(["o2", "o4"]);
    expect(orders.world.storedOrders?.refused).toHaveLength(2);
    expect(orders.world.log.filter(({ level }) => level === "error").map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({ reservationId: "r1", reason: "no such party" }),
    );
    await first.stop();
    refuses = false;
    orders.world.connect({ orders: true });
    await until(() => orders.world.storedOrders?.refused.length === 0);
    expect(given(orders)).toEqual(["o2", "o4", "o1", "o3"]);
  });

  test("that Holdfast keeps no more are said to be lost, and it goes on with the oldest", async () => {
    const orders = await worldWithOrders();
    orders.happen("r1");
    const first = orders.world.connect({ orders: true });
    await until(() => orders.world.storedOrders?.cursor === "1");
    await first.stop();
    for (const id of ["r2", "r3"]) orders.happen(id);
    orders.forget(2);
    orders.world.connect({ orders: true });
    await until(() => orders.world.storedOrders?.cursor === "3");
    expect(given(orders)).toEqual(["o1", "o3"]);
    expect(orders.world.log.map(({ message }) => message)).toContain(
      "order events are lost; going on with the oldest that is kept",
    );
  });
});
