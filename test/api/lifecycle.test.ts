/** Commit, release, extend and expiry through gRPC: the arithmetic of lines, and who wins and why. */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ReleaseReason, type Reservation, ReservationState } from "../../src/gen/holdfast/v1/reservation_pb.js";
import { ReservationService } from "../../src/gen/holdfast/v1/reservation_service_pb.js";
import { detailsOf, limitExceeded, refusal, refusalOf } from "./refusal-of.js";
import { ServiceHarness } from "./service-harness.js";

const { method } = ReservationService;
const dealerId = "D1";

let service: ServiceHarness;

beforeAll(async () => {
  service = await ServiceHarness.start();
  await service.receive("A", 1_000_000);
  await service.receive("B", 1_000_000);
});

afterAll(() => service.stop());

/** What of a reservation changes in its life. */
function shape({ state, revision, lines }: Reservation) {
  return {
    state: ReservationState[state],
    revision,
    lines: lines.map((line) => [
      line.sku,
      line.requested,
      line.reserved,
      line.committed,
      line.dispatched,
      line.released,
    ]),
  };
}

async function hold(a: bigint, b: bigint): Promise<string> {
  const lines = [
    { sku: "A", quantity: a },
    { sku: "B", quantity: b },
  ];
  return (await service.reserve({ lines })).reservation!.reservationId;
}

type Lines = { sku: string; quantity: bigint }[];

async function commit(reservationId: string, lines: Lines) {
  const answer = await service.call(method.commit, { requestId: service.requestId(), dealerId, reservationId, lines });
  return answer.reservation!;
}

async function release(reservationId: string, lines: Lines, reason = ReleaseReason.UNSPECIFIED) {
  const requestId = service.requestId();
  return (await service.call(method.release, { requestId, dealerId, reservationId, lines, reason })).reservation!;
}

function extend(reservationId: string, seconds?: bigint, requestId = service.requestId()) {
  const holdDuration = seconds === undefined ? undefined : { seconds };
  return service.call(method.extend, {
    requestId,
    dealerId,
    reservationId,
    ...(holdDuration === undefined ? {} : { holdDuration }),
  });
}

async function figures() {
  const { reserved, committed, onHand } = await service.figures("A");
  return { reserved, committed, onHand };
}

async function expired(): Promise<string> {
  const holdDuration = { seconds: 0n, nanos: 1_000_000 };
  const { reservation } = await service.reserve({ lines: [{ sku: "A", quantity: 1n }], holdDuration });
  const reservationId = reservation!.reservationId;
  await vi.waitFor(async () => expect((await service.get(reservationId)).state).toBe(ReservationState.EXPIRED), 5_000);
  return reservationId;
}

describe("commit", () => {
  test("confirms all that is open", async () => {
    const before = await figures();
    const id = await hold(5n, 3n);
    const { reservation, freshness } = await service.commit(id);
    expect(shape(reservation!)).toEqual({
      state: "COMMITTED",
      revision: 2n,
      lines: [
        ["A", 5n, 0n, 5n, 0n, 0n],
        ["B", 3n, 0n, 3n, 0n, 0n],
      ],
    });
    expect(reservation!.expireTime).toBeUndefined();
    expect(freshness?.state).toBe(1);
    expect(await service.get(id)).toEqual(reservation);
    expect(await figures()).toEqual({ ...before, committed: before.committed + 5n });
  });

  test("of a part releases the rest, lines that it does not name included", async () => {
    const before = await figures();
    const id = await hold(5n, 3n);
    const reservation = await commit(id, [
      { sku: "A", quantity: 1n },
      { sku: "A", quantity: 1n },
    ]);
    expect(shape(reservation)).toEqual({
      state: "COMMITTED",
      revision: 2n,
      lines: [
        ["A", 5n, 0n, 2n, 0n, 3n],
        ["B", 3n, 0n, 0n, 0n, 3n],
      ],
    });
    expect(await figures()).toEqual({ ...before, committed: before.committed + 2n });
  });

  test("of more than a line holds, or of a SKU that is not in it, changes nothing", async () => {
    const id = await hold(5n, 3n);
    const before = await service.get(id);
    const exceeding: Lines[] = [
      [{ sku: "A", quantity: 6n }],
      [
        { sku: "B", quantity: 2n },
        { sku: "B", quantity: 2n },
      ],
      [{ sku: "C", quantity: 1n }],
    ];
    for (const lines of exceeding) {
      expect(await refusalOf(commit(id, lines))).toEqual(refusal("FAILED_PRECONDITION", "QUANTITY_EXCEEDED"));
      expect(await refusalOf(release(id, lines))).toEqual(refusal("FAILED_PRECONDITION", "QUANTITY_EXCEEDED"));
    }
    expect((await detailsOf(commit(id, exceeding[0]!))).metadata).toEqual({
      reservation_id: id,
      sku: "A",
      requested: "6",
      open: "5",
    });
    expect(await service.get(id)).toEqual(before);
  });
});

describe("release", () => {
  test.each([
    ReleaseReason.UNSPECIFIED,
    ReleaseReason.CANCELLED,
    ReleaseReason.REJECTED,
    ReleaseReason.DISPATCH_FAILED,
  ])("for reason %i gives back everything", async (reason) => {
    const before = await figures();
    const id = await hold(5n, 3n);
    expect(shape(await release(id, [], reason))).toEqual({
      state: "RELEASED",
      revision: 2n,
      lines: [
        ["A", 5n, 0n, 0n, 0n, 5n],
        ["B", 3n, 0n, 0n, 0n, 3n],
      ],
    });
    expect(await figures()).toEqual(before);
  });

  test("of a part keeps the hold and its deadline", async () => {
    const id = await hold(5n, 3n);
    const before = await service.get(id);
    const after = await release(id, [{ sku: "B", quantity: 3n }]);
    expect(shape(after)).toEqual({
      state: "PENDING",
      revision: 2n,
      lines: [
        ["A", 5n, 5n, 0n, 0n, 0n],
        ["B", 3n, 0n, 0n, 0n, 3n],
      ],
    });
    expect(after.expireTime).toEqual(before.expireTime);
    expect(shape(await release(id, [{ sku: "A", quantity: 5n }])).state).toBe("RELEASED");
  });

  test("of a committed reservation ends its open part", async () => {
    const id = await hold(5n, 3n);
    await commit(id, []);
    expect(shape(await release(id, [{ sku: "A", quantity: 2n }]))).toEqual({
      state: "COMMITTED",
      revision: 3n,
      lines: [
        ["A", 5n, 0n, 3n, 0n, 2n],
        ["B", 3n, 0n, 3n, 0n, 0n],
      ],
    });
    await service.erp({
      case: "orderDispatched",
      value: { warehouseId: "W1", sku: "A", quantity: 1n, reservationId: id },
    });
    expect(shape(await release(id, []))).toEqual({
      state: "FULFILLED",
      revision: 5n,
      lines: [
        ["A", 5n, 0n, 0n, 1n, 4n],
        ["B", 3n, 0n, 0n, 0n, 3n],
      ],
    });
  });
});

describe("extend", () => {
  test("sets the deadline from now, later or earlier, or by the policy's default", async () => {
    const id = await hold(1n, 1n);
    for (const [seconds, expectedMs] of [
      [3_600n, 3_600_000],
      [60n, 60_000],
      [undefined, 15 * 60_000],
    ] as const) {
      const { reservation } = await extend(id, seconds);
      expect(timestampMs(reservation!.expireTime!) - timestampMs(reservation!.updateTime!)).toBe(expectedMs);
    }
    expect((await service.get(id)).revision).toBe(4n);
  });

  test("cannot pass the policy's maximum, counted from the creation", async () => {
    const id = await hold(1n, 1n);
    await vi.waitFor(async () => {
      expect(await refusalOf(extend(id, 24n * 3_600n))).toEqual(limitExceeded("hold_duration"));
    });
    expect((await service.get(id)).revision).toBe(1n);
    await extend(id, 24n * 3_600n - 60n);
  });

  test("to a moment from now ends the hold there", async () => {
    const id = await hold(1n, 1n);
    const holdDuration = { seconds: 0n, nanos: 1 };
    await service.call(method.extend, { requestId: service.requestId(), dealerId, reservationId: id, holdDuration });
    await vi.waitFor(async () => expect((await service.get(id)).state).toBe(ReservationState.EXPIRED), 5_000);
  });
});

describe("expiry", () => {
  test("gives back what the hold had, once", async () => {
    const before = await figures();
    const id = await expired();
    expect(shape(await service.get(id))).toEqual({
      state: "EXPIRED",
      revision: 2n,
      lines: [["A", 1n, 0n, 0n, 0n, 1n]],
    });
    expect(await figures()).toEqual(before);
  });

  test("never comes before the deadline", async () => {
    const { createTime, updateTime } = await service.get(await expired());
    expect(timestampMs(updateTime!)).toBeGreaterThan(timestampMs(createTime!));
  });
});

describe("what has ended stays ended, and says how", () => {
  const ends = {
    RESERVATION_EXPIRED: expired,
    RESERVATION_RELEASED: async () => {
      const id = await hold(1n, 1n);
      await release(id, []);
      return id;
    },
    RESERVATION_FULFILLED: async () => {
      const id = await service.hold("A", 1, { commit: true });
      const value = { warehouseId: "W1", sku: "A", quantity: 1n, reservationId: id };
      await service.erp({ case: "orderDispatched", value });
      return id;
    },
  };

  test.each(Object.entries(ends))("%s", async (reason, end) => {
    const id = await end();
    const before = await service.get(id);
    for (const change of [() => commit(id, []), () => release(id, []), () => extend(id, 60n)]) {
      const details = await detailsOf(change());
      expect(details).toMatchObject(refusal("FAILED_PRECONDITION", reason));
      expect(details.metadata).toEqual({ reservation_id: id, state: reason.slice("RESERVATION_".length) });
    }
    expect(await service.get(id)).toEqual(before);
  });

  test("a second commit under a new request_id, and an extension of what is committed", async () => {
    const id = await hold(1n, 1n);
    await commit(id, []);
    const committed = refusal("FAILED_PRECONDITION", "RESERVATION_COMMITTED");
    expect(await refusalOf(commit(id, []))).toEqual(committed);
    expect(await refusalOf(extend(id, 60n))).toEqual(committed);
  });

  test("state is looked at before quantities", async () => {
    const id = await ends.RESERVATION_RELEASED();
    expect(await refusalOf(commit(id, [{ sku: "A", quantity: 999n }]))).toEqual(
      refusal("FAILED_PRECONDITION", "RESERVATION_RELEASED"),
    );
  });
});

test("a reservation that is unknown, or another dealer's, does not exist for anyone else", async () => {
  const id = await hold(1n, 1n);
  const before = await service.get(id);
  const parts = id.split(".");
  const strangers = [
    { dealerId: "D2", reservationId: id },
    { dealerId, reservationId: "nonsense" },
    { dealerId, reservationId: "__proto__" },
    { dealerId, reservationId: `${parts[0]}.${parts[1]}.zzzzzzzzzz.${parts[3]}` },
    { dealerId, reservationId: `rzz.${parts.slice(1).join(".")}` },
    { dealerId, reservationId: `${parts.slice(0, 3).join(".")}.00000000` },
    { dealerId, reservationId: id.toUpperCase() },
    { dealerId, reservationId: `${id} ` },
  ];
  for (const stranger of strangers) {
    const requestId = service.requestId();
    for (const call of [
      service.call(method.getReservation, stranger),
      service.call(method.commit, { requestId, ...stranger }),
      service.call(method.release, { requestId, ...stranger }),
      service.call(method.extend, { requestId, ...stranger, holdDuration: { seconds: 60n } }),
    ]) {
      const details = await detailsOf(call);
      expect(details).toMatchObject(refusal("NOT_FOUND", "RESERVATION_NOT_FOUND"));
      expect(details.metadata).toEqual({ reservation_id: stranger.reservationId });
    }
  }
  expect(await service.get(id)).toEqual(before);
});
