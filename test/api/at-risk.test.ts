/** Orders at risk, through gRPC: listed line by line, released or kept by a person. */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type AtRiskLine, AtRiskResolution } from "../../src/gen/holdfast/v1/at_risk_pb.js";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import { ReservationState } from "../../src/gen/holdfast/v1/reservation_pb.js";
import { invalidField, refusal, refusalOf } from "./refusal-of.js";
import { ServiceHarness } from "./service-harness.js";

const { listAtRisk, resolveAtRisk } = OperationsService.method;
const { RELEASE, KEEP, UNSPECIFIED } = AtRiskResolution;
const { PENDING, COMMITTED, RELEASED } = ReservationState;

let service: ServiceHarness;
/** Each test has a warehouse of its own. */
let warehouseId: string;
let tests = 0;

beforeAll(async () => {
  service = await ServiceHarness.start();
});

beforeEach(async () => {
  tests += 1;
  warehouseId = `W${tests}`;
  for (const sku of ["A", "B"]) await service.receive(sku, 1_000, warehouseId);
});

afterAll(() => service.stop());

const count = (sku: string, onHand: number, of = warehouseId) =>
  service.erp({ case: "stockCounted", value: { warehouseId: of, sku, onHand: BigInt(onHand) } });

const commit = (sku: string, quantity: number) => service.hold(sku, quantity, { warehouseId, commit: true });

async function listed(request: object = {}): Promise<AtRiskLine[]> {
  const lines: AtRiskLine[] = [];
  let pageToken = "";
  do {
    const page = await service.call(listAtRisk, { warehouseId, pageToken, ...request });
    lines.push(...page.lines);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return lines;
}

async function resolve(reservationId: string, resolution: AtRiskResolution, reason = "decided") {
  return (await service.call(resolveAtRisk, { reservationId, resolution, actor: "ann", reason })).reservation!;
}

describe("ListAtRisk", () => {
  test("shows who is short of what, by how much and since when, in the order in which the reservations were made", async () => {
    const wide = [
      { sku: "A", quantity: 30n },
      { sku: "B", quantity: 5n },
    ];
    const last = await service.reserve({ warehouseId, dealerId: "D2", orderId: "O2", lines: wide });
    const first = await commit("A", 50);
    const second = await commit("A", 20);
    expect(await listed()).toEqual([]);
    const before = Date.now();
    await count("A", 60);
    await count("B", 2);
    const lines = await listed();
    const shown = lines.map(({ since, $typeName, ...line }) => line);
    const mine = { warehouseId, dealerId: "D1", orderId: "O1", provisional: false, kept: false };
    const theirs = { ...mine, dealerId: "D2", orderId: "O2", reservationId: last.reservation!.reservationId };
    expect(shown).toEqual([
      { ...theirs, sku: "A", state: PENDING, quantity: 30n, shortBy: 30n },
      { ...theirs, sku: "B", state: PENDING, quantity: 5n, shortBy: 3n },
      { ...mine, sku: "A", reservationId: second, state: COMMITTED, quantity: 20n, shortBy: 10n },
    ]);
    for (const { since } of lines) expect(timestampMs(since!)).toBeGreaterThanOrEqual(before);
    await count("A", 40);
    const of = (id: string, all: AtRiskLine[]) => all.filter(({ reservationId }) => reservationId === id);
    const later = await listed();
    expect(of(second, later)).toMatchObject([{ shortBy: 20n, since: of(second, lines)[0]!.since }]);
    expect(of(first, later)).toMatchObject([{ shortBy: 10n, quantity: 50n }]);
    await count("A", 1_000);
    expect(await listed()).toMatchObject([{ sku: "B", shortBy: 3n }]);
  });

  test("pages through the lines of wide orders and of many warehouses, each once", async () => {
    const other = `${warehouseId}-other`;
    for (const of of [warehouseId, other]) {
      const lines = [];
      for (const sku of ["P", "Q", "R"]) {
        await service.receive(sku, 100, of);
        lines.push({ sku, quantity: 10n });
      }
      for (let index = 0; index < 3; index++) await service.reserve({ warehouseId: of, lines, commit: index === 1 });
      for (const sku of ["P", "Q", "R"]) await count(sku, 5, of);
    }
    const key = ({ reservationId, sku }: AtRiskLine) => `${reservationId} ${sku}`;
    const all = (await listed()).map(key);
    expect(new Set(all).size).toBe(9);
    for (const pageSize of [1, 2, 4, 9, 1_000]) {
      expect((await listed({ pageSize })).map(key)).toEqual(all);
      const everywhere = (await listed({ pageSize, warehouseId: "" })).filter((line) =>
        [warehouseId, other].includes(line.warehouseId),
      );
      expect(everywhere).toHaveLength(18);
      expect(everywhere.slice(0, 9).map(key)).toEqual(all);
    }
  });

  test("finds those that wait behind thousands that were kept", { timeout: 60_000 }, async () => {
    const kept = 2_100;
    await service.receive("C", 10_000, warehouseId);
    for (let made = 0; made < kept; made += 300) {
      await Promise.all(Array.from({ length: 300 }, () => service.hold("C", 1, { warehouseId })));
    }
    const waiting = await service.hold("C", 7, { warehouseId });
    await count("C", 0);
    const all = await listed({ pageSize: 1_000 });
    expect(all).toHaveLength(kept + 1);
    for (let at = 0; at < kept; at += 300) {
      await Promise.all(all.slice(at, at + 300).map(({ reservationId }) => resolve(reservationId, KEEP)));
    }
    expect(await listed()).toMatchObject([{ reservationId: waiting, shortBy: 7n }]);
    expect(await listed({ pageSize: 1_000, includeKept: true })).toHaveLength(kept + 1);
  });

  test("refuses a warehouse that does not exist, bad fields and foreign tokens", async () => {
    expect(await refusalOf(listed({ warehouseId: "W404" }))).toEqual(refusal("NOT_FOUND", "WAREHOUSE_NOT_FOUND"));
    expect(await refusalOf(listed({ warehouseId: "\n", pageSize: -1 }))).toEqual(
      invalidField("warehouse_id", "page_size"),
    );
    const pageToken = Buffer.from("stock.1.2").toString("base64url");
    expect(await refusalOf(listed({ pageToken }))).toEqual(invalidField("page_token"));
  });
});

describe("ResolveAtRisk", () => {
  test("releases what is open, the others being covered again by it; the same again changes nothing", async () => {
    const first = await commit("A", 50);
    const second = await commit("A", 20);
    const third = await commit("A", 10);
    await count("A", 60);
    expect(await listed()).toHaveLength(2);
    const released = await resolve(second, RELEASE);
    expect(released).toMatchObject({ state: RELEASED, atRisk: false, lines: [{ committed: 0n, released: 20n }] });
    expect(await listed()).toEqual([]);
    expect(await service.get(third)).toMatchObject({ atRisk: false });
    expect(await service.figures("A", warehouseId)).toMatchObject({ committed: 60n, shortfall: 0n });
    expect(await resolve(second, RELEASE)).toEqual(released);
    expect(await service.get(first)).toMatchObject({ state: COMMITTED, revision: 1n });
  });

  test("keeps an order: it stands, is at risk, and no longer waits for a person; also after a restart", async () => {
    await commit("A", 50);
    const kept = await commit("A", 20);
    await count("A", 60);
    const answer = await resolve(kept, KEEP);
    expect(answer).toMatchObject({ state: COMMITTED, atRisk: true, lines: [{ committed: 20n }] });
    expect(await resolve(kept, KEEP)).toEqual(answer);
    for (const withoutSnapshots of [false, true]) {
      await service.restart({ withoutSnapshots });
      expect(await listed()).toEqual([]);
      expect(await listed({ includeKept: true })).toMatchObject([{ reservationId: kept, kept: true, shortBy: 10n }]);
    }
    await count("A", 70);
    await count("A", 60);
    expect(await listed(), "a new risk is a new question").toMatchObject([{ reservationId: kept, kept: false }]);
  });

  test("is refused without a reason, without a resolution, and where nothing is at risk", async () => {
    const covered = await commit("A", 50);
    for (const resolution of [RELEASE, KEEP]) {
      expect(await refusalOf(resolve(covered, resolution))).toEqual(refusal("FAILED_PRECONDITION", "NOT_AT_RISK"));
      expect(await refusalOf(resolve("nonsense", resolution))).toEqual(refusal("NOT_FOUND", "RESERVATION_NOT_FOUND"));
    }
    await count("A", 10);
    const before = await listed();
    expect(await refusalOf(resolve(covered, RELEASE, ""))).toEqual(invalidField("reason"));
    expect(await refusalOf(resolve(covered, UNSPECIFIED))).toEqual(invalidField("resolution"));
    expect(await refusalOf(resolve("", 9 as AtRiskResolution, "\n"))).toEqual(
      invalidField("reservation_id", "resolution", "reason"),
    );
    expect(await listed()).toEqual(before);
  });
});
