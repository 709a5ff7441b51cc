/** Every malformed field of every unary method: INVALID_ARGUMENT, one ErrorInfo, the field's path, and nothing changed. */
import type { DescMessage, DescMethodUnary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AvailabilityService } from "../../src/gen/holdfast/v1/availability_service_pb.js";
import { ErpService } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import { ReservationService } from "../../src/gen/holdfast/v1/reservation_service_pb.js";
import { invalidField, limitExceeded, refusalOf, type SeenRefusal } from "./refusal-of.js";
import { type Init, ServiceHarness } from "./service-harness.js";

const MAX = 2n ** 53n - 1n;

const BAD_NAMES: Readonly<Record<string, string>> = {
  "a NUL": "a\u0000b",
  "a line feed": "a\nb",
  "a C1 control": "a\u0085b",
  "U+2028": "a\u2028b",
  "U+2029": "\u2029",
  "129 letters": "x".repeat(129),
  "129 astral characters": "\u{1f600}".repeat(129),
  "a megabyte": "x".repeat(1_000_000),
};

const BAD_QUANTITIES: Readonly<Record<string, bigint>> = {
  zero: 0n,
  "below zero": -1n,
  "the least int64": -(2n ** 63n),
  "above 2^53 - 1": MAX + 1n,
  "the greatest int64": 2n ** 63n - 1n,
};

const BAD_DURATIONS: Readonly<Record<string, { seconds: bigint; nanos: number }>> = {
  zero: { seconds: 0n, nanos: 0 },
  negative: { seconds: -1n, nanos: 0 },
  "negative by nanoseconds": { seconds: 0n, nanos: -1 },
  "of two signs": { seconds: 1n, nanos: -1 },
  "with a second of nanoseconds": { seconds: 1n, nanos: 1_000_000_000 },
  "above 366 days": { seconds: 366n * 86_400n, nanos: 1 },
  "the longest int64": { seconds: 2n ** 63n - 1n, nanos: 999_999_999 },
  "the least int64": { seconds: -(2n ** 63n), nanos: -999_999_999 },
};

let service: ServiceHarness;

beforeAll(async () => {
  service = await ServiceHarness.start();
  await service.receive("A", 100);
  await service.hold("A", 10);
});

afterAll(() => service.stop());

/** All that a refused request could have changed. */
async function everything() {
  const { method } = OperationsService;
  return {
    stock: await service.call(method.getStock, { warehouseId: "W1", sku: "A" }),
    availability: (await service.call(AvailabilityService.method.getAvailability, { warehouseId: "W1" })).availability,
    policy: await service.call(method.getPolicy, {}),
    dealers: await service.call(method.listDealers, {}),
    reservations: await service.call(ReservationService.method.listReservations, { dealerId: "D1" }),
  };
}

interface Malformed<I extends DescMessage> {
  readonly name: string;
  readonly change: Init<I>;
  readonly expected: SeenRefusal;
}

function malformed<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  good: Init<I>,
  cases: readonly Malformed<I>[],
): void {
  describe(method.name, () => {
    test.each(cases)("refuses $name", async ({ change, expected }) => {
      const before = await everything();
      expect(await refusalOf(service.call(method, { ...good, ...change } as Init<I>))).toEqual(expected);
      expect(await everything()).toEqual(before);
    });
  });
}

/** A field that names a thing: all that is not a name, and empty unless that means something. */
function names<I extends DescMessage>(
  field: string,
  change: (value: string) => object,
  options: { readonly emptyAllowed?: boolean } = {},
): Malformed<I>[] {
  const bad = options.emptyAllowed === true ? BAD_NAMES : { nothing: "", ...BAD_NAMES };
  return Object.entries(bad).map(([name, value]) => ({
    name: `${field} with ${name}`,
    change: change(value) as Init<I>,
    expected: invalidField(field),
  }));
}

/** Text that people read: longer than a name, else the same. */
function texts<I extends DescMessage>(field: string, change: (value: string) => object): Malformed<I>[] {
  const bad = { "1,025 letters": "x".repeat(1_025), "1,025 astral characters": "\u{1f600}".repeat(1_025) };
  const controls = ["a NUL", "a line feed", "a C1 control", "U+2028", "U+2029"].map((name) => [name, BAD_NAMES[name]!]);
  return [...controls, ...Object.entries(bad)].map(([name, value]) => ({
    name: `${field} with ${name}`,
    change: change(value!) as Init<I>,
    expected: invalidField(field),
  }));
}

function quantities<I extends DescMessage>(): Malformed<I>[] {
  const one = Object.entries(BAD_QUANTITIES).map(([name, quantity]) => ({
    name: `a quantity ${name}`,
    change: {
      lines: [
        { sku: "A", quantity: 1n },
        { sku: "A", quantity },
      ],
    } as unknown as Init<I>,
    expected: invalidField("lines[1].quantity"),
  }));
  const lines = (count: number) => Array.from({ length: count }, (_, index) => ({ sku: `S${index}`, quantity: 1n }));
  const sum = [
    { sku: "A", quantity: MAX },
    { sku: "A", quantity: 1n },
  ];
  return [
    ...one,
    {
      name: "a sum of quantities above 2^53 - 1",
      change: { lines: sum } as unknown as Init<I>,
      expected: invalidField("lines[1].quantity"),
    },
    { name: "1,001 lines", change: { lines: lines(1_001) } as unknown as Init<I>, expected: limitExceeded("lines") },
    ...names<I>("lines[0].sku", (sku) => ({ lines: [{ sku, quantity: 1n }] })),
  ];
}

function durations<I extends DescMessage>(field: string, change: (value: object) => object): Malformed<I>[] {
  return Object.entries(BAD_DURATIONS).map(([name, value]) => ({
    name: `a ${field} that is ${name}`,
    change: change(value) as Init<I>,
    expected: invalidField(field),
  }));
}

function pages<I extends DescMessage>(tokens: readonly string[]): Malformed<I>[] {
  const size = {
    name: "a page_size below 0",
    change: { pageSize: -1 } as unknown as Init<I>,
    expected: invalidField("page_size"),
  };
  return [
    size,
    ...tokens.map((pageToken) => ({
      name: `the page_token ${JSON.stringify(pageToken)}`,
      change: { pageToken } as unknown as Init<I>,
      expected: invalidField("page_token"),
    })),
  ];
}

const token = (text: string) => Buffer.from(text).toString("base64url");
const GARBAGE = [
  "garbage",
  "\u0000",
  "!!!!",
  token("reservations"),
  token("x.1.2"),
  token("stock.-1.0"),
  token("stock.1e3.0"),
];
const OF_DEALERS = token("dealers.100");
const OF_AVAILABILITY = token("availability.1");

const GOOD_RESERVE = {
  requestId: "bad",
  dealerId: "D1",
  orderId: "O1",
  warehouseId: "W1",
  lines: [{ sku: "A", quantity: 1n }],
};
malformed(ReservationService.method.reserve, GOOD_RESERVE, [
  ...names("request_id", (requestId) => ({ requestId })),
  ...names("dealer_id", (dealerId) => ({ dealerId })),
  ...names("order_id", (orderId) => ({ orderId })),
  ...names("warehouse_id", (warehouseId) => ({ warehouseId }), { emptyAllowed: true }),
  ...quantities(),
  { name: "no lines", change: { lines: [] }, expected: invalidField("lines") },
  { name: "a fill_policy of 3", change: { fillPolicy: 3 as never }, expected: invalidField("fill_policy") },
  { name: "a fill_policy of -1", change: { fillPolicy: -1 as never }, expected: invalidField("fill_policy") },
  ...durations<typeof ReservationService.method.reserve.input>("hold_duration", (holdDuration) => ({ holdDuration })),
  {
    name: "commit with a hold_duration",
    change: { commit: true, holdDuration: { seconds: 60n } },
    expected: invalidField("hold_duration"),
  },
  {
    name: "several bad fields at once, all named",
    change: { dealerId: "", orderId: "\n", fillPolicy: 9 as never },
    expected: invalidField("dealer_id", "order_id", "fill_policy"),
  },
]);

const GOOD_CHANGE = { requestId: "bad", dealerId: "D1", reservationId: "r1.1.1.00000000" };
const CHANGE_NAMES = [
  ...names<DescMessage>("request_id", (requestId) => ({ requestId })),
  ...names<DescMessage>("dealer_id", (dealerId) => ({ dealerId })),
  ...names<DescMessage>("reservation_id", (reservationId) => ({ reservationId })),
] as Malformed<never>[];
malformed(ReservationService.method.commit, GOOD_CHANGE, [...CHANGE_NAMES, ...quantities()]);
malformed(ReservationService.method.release, GOOD_CHANGE, [
  ...CHANGE_NAMES,
  ...quantities(),
  { name: "a reason of 4", change: { reason: 4 as never }, expected: invalidField("reason") },
  { name: "a reason of -1", change: { reason: -1 as never }, expected: invalidField("reason") },
]);
malformed(ReservationService.method.extend, GOOD_CHANGE, [
  ...CHANGE_NAMES,
  ...durations<typeof ReservationService.method.extend.input>("hold_duration", (holdDuration) => ({ holdDuration })),
]);
malformed(ReservationService.method.getReservation, { dealerId: "D1", reservationId: "r1" }, [
  ...names("dealer_id", (dealerId) => ({ dealerId })),
  ...names("reservation_id", (reservationId) => ({ reservationId })),
]);
malformed(ReservationService.method.listReservations, { dealerId: "D1" }, [
  ...names("dealer_id", (dealerId) => ({ dealerId })),
  ...names("order_id", (orderId) => ({ orderId }), { emptyAllowed: true }),
  ...names("warehouse_id", (warehouseId) => ({ warehouseId }), { emptyAllowed: true }),
  ...names("sku", (sku) => ({ sku }), { emptyAllowed: true }),
  { name: "an unspecified state", change: { states: [1, 0] }, expected: invalidField("states[1]") },
  { name: "a state of 6", change: { states: [6 as never] }, expected: invalidField("states[0]") },
  { name: "a state of -1", change: { states: [-1 as never] }, expected: invalidField("states[0]") },
  ...pages([...GARBAGE, OF_DEALERS, OF_AVAILABILITY, token("reservations.1.999999")]),
]);

const skus = (count: number) => Array.from({ length: count }, (_, index) => `S${index}`);
malformed(AvailabilityService.method.getAvailability, { warehouseId: "W1" }, [
  { name: "neither id", change: { warehouseId: "" }, expected: invalidField("dealer_id", "warehouse_id") },
  { name: "both ids", change: { dealerId: "D1" }, expected: invalidField("dealer_id", "warehouse_id") },
  ...names("warehouse_id", (warehouseId) => ({ warehouseId }), { emptyAllowed: true }),
  ...names("dealer_id", (dealerId) => ({ warehouseId: "", dealerId }), { emptyAllowed: true }),
  ...names("skus[1]", (sku) => ({ skus: ["A", sku] })),
  { name: "1,001 skus", change: { skus: skus(1_001) }, expected: limitExceeded("skus") },
  {
    name: "a page_token with skus",
    change: { skus: ["A"], pageToken: OF_AVAILABILITY },
    expected: invalidField("page_token"),
  },
  ...pages([...GARBAGE, OF_DEALERS]),
]);

malformed(ErpService.method.getSourceStatus, { source: "erp" }, [...names("source", (source) => ({ source }))]);

const GOOD_DEALER = { dealerId: "D9", name: "Nine", warehouseId: "W1" };
malformed(OperationsService.method.putDealer, { dealer: GOOD_DEALER }, [
  { name: "no dealer", change: { dealer: undefined } as never, expected: invalidField("dealer") },
  ...names("dealer.dealer_id", (dealerId) => ({ dealer: { ...GOOD_DEALER, dealerId } })),
  ...names("dealer.warehouse_id", (warehouseId) => ({ dealer: { ...GOOD_DEALER, warehouseId } })),
  ...texts("dealer.name", (name) => ({ dealer: { ...GOOD_DEALER, name } })),
  ...texts("actor", (actor) => ({ actor })),
  ...texts("reason", (reason) => ({ reason })),
]);
malformed(OperationsService.method.getDealer, {}, [...names("dealer_id", (dealerId) => ({ dealerId }))]);
malformed(OperationsService.method.listDealers, {}, [
  ...pages([...GARBAGE, OF_AVAILABILITY, token("reservations.1.1")]),
]);
malformed(OperationsService.method.getStock, { warehouseId: "W1", sku: "A" }, [
  ...names("warehouse_id", (warehouseId) => ({ warehouseId })),
  ...names("sku", (sku) => ({ sku })),
  ...pages([...GARBAGE, OF_DEALERS, OF_AVAILABILITY, token("reservations.1.1")]),
]);
malformed(OperationsService.method.getPolicy, {}, [
  ...names("warehouse_id", (warehouseId) => ({ warehouseId }), { emptyAllowed: true }),
  ...names("sku", (sku) => ({ warehouseId: "W1", sku }), { emptyAllowed: true }),
  ...names("dealer_id", (dealerId) => ({ dealerId }), { emptyAllowed: true }),
  { name: "a sku without its warehouse", change: { sku: "A" }, expected: invalidField("warehouse_id") },
]);

const policy = (fields: object) => ({ policy: fields });
const hour = { seconds: 3_600n };
malformed(OperationsService.method.putPolicy, {}, [
  { name: "no policy", change: {}, expected: invalidField("policy") },
  ...names("policy.warehouse_id", (warehouseId) => policy({ warehouseId }), { emptyAllowed: true }),
  ...names("policy.sku", (sku) => policy({ warehouseId: "W1", sku }), { emptyAllowed: true }),
  ...names("policy.dealer_id", (dealerId) => policy({ dealerId }), { emptyAllowed: true }),
  ...texts("actor", (actor) => ({ ...policy({}), actor })),
  ...texts("reason", (reason) => ({ ...policy({}), reason })),
  { name: "a sku without its warehouse", change: policy({ sku: "A" }), expected: invalidField("policy.warehouse_id") },
  {
    name: "a dealer with a warehouse",
    change: policy({ dealerId: "D1", warehouseId: "W1" }),
    expected: invalidField("policy.warehouse_id"),
  },
  ...(["safetyStock", "lowAt", "openReservationsMax"] as const).flatMap((field) =>
    [-1n, MAX + 1n, -(2n ** 63n)].map((value) => ({
      name: `a ${field} of ${value}`,
      change: policy({ [field]: value }),
      expected: invalidField(`policy.${field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`),
    })),
  ),
  ...durations<typeof OperationsService.method.putPolicy.input>("policy.hold_default", (holdDefault) =>
    policy({ holdDefault }),
  ),
  ...durations<typeof OperationsService.method.putPolicy.input>("policy.hold_max", (holdMax) => policy({ holdMax })),
  {
    name: "a default hold above its maximum",
    change: policy({ holdDefault: hour, holdMax: { seconds: 60n } }),
    expected: invalidField("policy.hold_default"),
  },
  {
    name: "safety stock of a dealer",
    change: policy({ dealerId: "D1", safetyStock: 1n }),
    expected: invalidField("policy.safety_stock"),
  },
  {
    name: "low_at of a dealer",
    change: policy({ dealerId: "D1", lowAt: 1n }),
    expected: invalidField("policy.low_at"),
  },
  {
    name: "a hold of a stock",
    change: policy({ warehouseId: "W1", sku: "A", holdDefault: hour }),
    expected: invalidField("policy.hold_default"),
  },
  {
    name: "a longest hold of a stock",
    change: policy({ warehouseId: "W1", sku: "A", holdMax: hour }),
    expected: invalidField("policy.hold_max"),
  },
  {
    name: "a quota of a stock",
    change: policy({ warehouseId: "W1", sku: "A", openReservationsMax: 1n }),
    expected: invalidField("policy.open_reservations_max"),
  },
  {
    name: "a quota of a warehouse",
    change: policy({ warehouseId: "W1", openReservationsMax: 1n }),
    expected: invalidField("policy.open_reservations_max"),
  },
  {
    name: "a precision of a stock",
    change: policy({ warehouseId: "W1", sku: "A", availabilityPrecision: 1, availabilityCap: 1n }),
    expected: invalidField("policy.availability_precision", "policy.availability_cap"),
  },
  ...[0, 4, -1].map((availabilityPrecision) => ({
    name: `a precision of ${availabilityPrecision}`,
    change: policy({ availabilityPrecision }),
    expected: invalidField("policy.availability_precision"),
  })),
  ...[0n, -1n, MAX + 1n].map((availabilityCap) => ({
    name: `a cap of ${availabilityCap}`,
    change: policy({ availabilityCap }),
    expected: invalidField("policy.availability_cap"),
  })),
]);
