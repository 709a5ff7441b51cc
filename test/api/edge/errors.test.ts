/** Refusals as callers get them: code, details, and trailers that always arrive. */

import type { ServiceError } from "@grpc/grpc-js";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type RefusalReason, refusal } from "../../../src/domain/refusal.js";
import { ReservationService } from "../../../src/gen/holdfast/v1/reservation_service_pb.js";
import { detailsOf } from "../refusal-of.js";
import { EdgeHarness, reserveRequest } from "./edge-harness.js";
import { sampleReserved } from "./sample-answers.js";

/** What many callers take of headers, each counted with 32 bytes on top (RFC 9113, 6.5.2). */
const HEADERS_MAX = 8 * 1024;

/** The table of docs/api.md, Errors. */
const CODE_OF_REASON: Readonly<Record<RefusalReason, string>> = {
  INVALID_FIELD: "INVALID_ARGUMENT",
  LIMIT_EXCEEDED: "INVALID_ARGUMENT",
  DEALER_NOT_FOUND: "NOT_FOUND",
  WAREHOUSE_NOT_FOUND: "NOT_FOUND",
  SKU_NOT_FOUND: "NOT_FOUND",
  RESERVATION_NOT_FOUND: "NOT_FOUND",
  SOURCE_NOT_FOUND: "NOT_FOUND",
  DEAD_LETTER_NOT_FOUND: "NOT_FOUND",
  DISPATCH_EXCEPTION_NOT_FOUND: "NOT_FOUND",
  DISCREPANCY_NOT_FOUND: "NOT_FOUND",
  RESERVATION_EXPIRED: "FAILED_PRECONDITION",
  RESERVATION_RELEASED: "FAILED_PRECONDITION",
  RESERVATION_FULFILLED: "FAILED_PRECONDITION",
  RESERVATION_COMMITTED: "FAILED_PRECONDITION",
  QUANTITY_EXCEEDED: "FAILED_PRECONDITION",
  STOCK_SHORTFALL: "FAILED_PRECONDITION",
  WAREHOUSE_NOT_ASSIGNED: "FAILED_PRECONDITION",
  DEAD_LETTER_REFUSED: "FAILED_PRECONDITION",
  DEAD_LETTER_REPLAYED: "FAILED_PRECONDITION",
  DEAD_LETTER_DROPPED: "FAILED_PRECONDITION",
  DISPATCH_EXCEPTION_RESOLVED: "FAILED_PRECONDITION",
  RESERVATION_PENDING: "FAILED_PRECONDITION",
  NO_GAP: "FAILED_PRECONDITION",
  DRIFT_RESOLVED: "FAILED_PRECONDITION",
  DRIFT_OUTDATED: "FAILED_PRECONDITION",
  NOT_AT_RISK: "FAILED_PRECONDITION",
  REQUEST_ID_REUSED: "ALREADY_EXISTS",
  CURSOR_TOO_OLD: "OUT_OF_RANGE",
  QUOTA_EXCEEDED: "RESOURCE_EXHAUSTED",
  READER_TOO_SLOW: "RESOURCE_EXHAUSTED",
  OVERLOADED: "RESOURCE_EXHAUSTED",
  JOURNAL_UNAVAILABLE: "UNAVAILABLE",
  SHUTTING_DOWN: "UNAVAILABLE",
  NOT_OWNER: "UNAVAILABLE",
  DIRECTORY_NOT_EMPTY: "FAILED_PRECONDITION",
  DIRECTORY_NOT_WRITABLE: "FAILED_PRECONDITION",
  DISK_FULL: "RESOURCE_EXHAUSTED",
  DATA_DAMAGED: "DATA_LOSS",
};

const RETRIED = ["OVERLOADED", "JOURNAL_UNAVAILABLE"];

let edge: EdgeHarness;

beforeAll(async () => {
  edge = await EdgeHarness.start();
});

beforeEach(() => {
  edge.ports.onCommand = () => {};
  edge.logged.length = 0;
});

afterAll(() => edge.stop());

const reserve = (change: object = {}) => edge.call(ReservationService, "reserve", reserveRequest("R1", change));

describe("a refusal", () => {
  test.each(Object.entries(CODE_OF_REASON))("for %s has code %s and one ErrorInfo", async (reason, code) => {
    const metadata = { reservation_id: "r1", state: "ENDED" };
    edge.ports.onCommand = ({ refuse }) => refuse(refusal(reason as RefusalReason, "No, because.", { metadata }));
    expect(await detailsOf(reserve())).toMatchObject({
      code,
      infos: [`holdfast/${reason}`],
      metadata,
      message: "No, because.",
      fields: [],
    });
  });

  test.each(Object.keys(CODE_OF_REASON))(
    "for %s says when to come back where the table or itself does",
    async (name) => {
      const reason = name as RefusalReason;
      edge.ports.onCommand = ({ refuse }) => refuse(refusal(reason, "No."));
      const { retryAfterMs } = await detailsOf(reserve());
      expect(retryAfterMs !== undefined && retryAfterMs > 0).toBe(RETRIED.includes(reason));
      edge.ports.onCommand = ({ refuse }) => refuse(refusal(reason, "No.", { retryAfterMs: 1_234 }));
      expect((await detailsOf(reserve())).retryAfterMs).toBe(1_234);
    },
  );

  test("of a bad argument names its fields, whoever found them", async () => {
    const fields = ["hold_duration", "lines[0].sku"];
    edge.ports.onCommand = ({ refuse }) => refuse(refusal("LIMIT_EXCEEDED", "Too long.", { fields }));
    expect(await detailsOf(reserve())).toMatchObject({ fields, metadata: { field: "hold_duration" } });
  });

  test("of anything else names none, as BadRequest is for bad arguments", async () => {
    edge.ports.onCommand = ({ refuse }) =>
      refuse(refusal("QUANTITY_EXCEEDED", "Too many.", { fields: ["lines[0].quantity"] }));
    expect(await detailsOf(reserve())).toMatchObject({ fields: [], metadata: {} });
  });
});

describe("a bad request", () => {
  test("names every bad field, says what is allowed in the first, and reaches no command", async () => {
    const taken = edge.ports.taken.length;
    const change = { dealerId: "", lines: [{ sku: "A\n", quantity: 0n }], fillPolicy: 9, commit: true };
    const details = await detailsOf(reserve({ ...change, holdDuration: { seconds: 1n } }));
    expect(details).toMatchObject({
      code: "INVALID_ARGUMENT",
      infos: ["holdfast/INVALID_FIELD"],
      fields: ["dealer_id", "lines[0].sku", "lines[0].quantity", "fill_policy", "hold_duration"],
      metadata: { field: "dealer_id", bad_fields: "5" },
    });
    expect(details.message).toBe(
      "dealer_id: must be 1 to 128 characters without control characters (one of 5 bad fields)",
    );
    expect(edge.ports.taken.length).toBe(taken);
  });

  test("with too many lines says how many are allowed", async () => {
    const lines = Array.from({ length: 1_001 }, () => ({ sku: "A", quantity: 1n }));
    expect(await detailsOf(reserve({ lines }))).toMatchObject({
      infos: ["holdfast/LIMIT_EXCEEDED"],
      fields: ["lines"],
      metadata: { field: "lines", limit: "1000" },
    });
  });

  test("with a thousand bad lines is answered with the first of them, in trailers that fit", async () => {
    const lines = Array.from({ length: 1_000 }, () => ({ sku: "\u2028", quantity: -1n }));
    const error = await reserve({ lines }).catch((thrown) => thrown as ServiceError);
    const { fields } = await detailsOf(Promise.reject(error));
    expect(fields.length).toBeGreaterThan(10);
    expect(fields.slice(0, 4)).toEqual(["lines[0].sku", "lines[0].quantity", "lines[1].sku", "lines[1].quantity"]);
    expect(headerBytes(error)).toBeLessThan(HEADERS_MAX);
  });
});

describe("trailers", () => {
  test("fit into what callers take, whatever a refusal says", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc
        .tuple(
          fc.constantFrom("x", " ", "ü", "\u2028", "\u{1f600}", "\ud800", "%"),
          fc.constantFrom(1, 300, 5_000, 100_000),
        )
        .map(([part, count]) => part.repeat(count)),
    );
    const refusals = fc.record({
      reason: fc.constantFrom(...(Object.keys(CODE_OF_REASON) as RefusalReason[])),
      message: text,
      metadata: fc.dictionary(fc.constantFrom("skus", "warehouse_id", "dealer_id", "sku"), text),
      fields: fc.array(fc.constantFrom("lines[999].quantity", "dealer_id"), { maxLength: 100 }),
    });
    let longest = 0;
    await fc.assert(
      fc.asyncProperty(refusals, async ({ reason, message, metadata, fields }) => {
        edge.ports.onCommand = ({ refuse }) => refuse(refusal(reason, message, { metadata, fields }));
        const error = await reserve().catch((thrown) => thrown as ServiceError);
        const details = await detailsOf(Promise.reject(error));
        expect(details).toMatchObject({ code: CODE_OF_REASON[reason], infos: [`holdfast/${reason}`] });
        expect(headerBytes(error)).toBeLessThan(HEADERS_MAX);
        longest = Math.max(longest, headerBytes(error));
      }),
      { numRuns: 300 },
    );
    // The bound was felt: some of these refusals were cut.
    expect(longest).toBeGreaterThan(HEADERS_MAX / 2);
  });

  test("name as many SKUs as fit, and mark what is left out", async () => {
    const skus = Array.from({ length: 1_000 }, (_, index) => `SKU-${index}`).join(",");
    edge.ports.onCommand = ({ refuse }) =>
      refuse(refusal("SKU_NOT_FOUND", `Never seen: ${skus}.`, { metadata: { skus } }));
    const { metadata, message } = await detailsOf(reserve());
    const shown = metadata.skus!;
    expect(shown.split(",").length).toBeGreaterThan(300);
    expect([skus.startsWith(shown.slice(0, -1)), shown.endsWith("…")]).toEqual([true, true]);
    expect(message).toMatch(/^Never seen: SKU-0,.*…$/);
  });

  test("carry half a surrogate pair as a replacement, not as a call that never ends", async () => {
    edge.ports.onCommand = ({ refuse }) =>
      refuse(refusal("DEALER_NOT_FOUND", "No dealer \ud800.", { metadata: { dealer_id: "\udfff" } }));
    const details = await detailsOf(reserve());
    expect([details.message, details.metadata]).toEqual(["No dealer \ufffd.", { dealer_id: "\ufffd" }]);
  });
});

describe("what nobody foresaw", () => {
  const secret = new Error("the secret cause", { cause: new Error("deeper still") });
  const generic = {
    code: "INTERNAL",
    infos: ["holdfast/INTERNAL"],
    fields: [],
    metadata: {},
    retryAfterMs: undefined,
    message: "Something went wrong inside the service.",
  };

  test("is INTERNAL with generic text when a command fails, and the cause is in the log", async () => {
    edge.ports.onCommand = ({ fail }) => fail(secret);
    expect(await detailsOf(reserve())).toEqual(generic);
    expect(edge.logged.map(({ fields }) => fields.err)).toEqual([secret]);
  });

  test("is the same when a port throws", async () => {
    edge.ports.onCommand = () => {
      throw secret;
    };
    expect(await detailsOf(reserve())).toEqual(generic);
    expect(edge.logged.map(({ fields }) => fields.err)).toEqual([secret]);
  });

  test("leaves the server as it was", async () => {
    edge.ports.onCommand = ({ answer }) => answer(sampleReserved());
    expect(await reserve()).toMatchObject({ outcome: 1 });
  });
});

/** As a peer counts the headers of a response without messages. */
function headerBytes(error: ServiceError): number {
  const headers: [string, string][] = [
    [":status", "200"],
    ["content-type", "application/grpc+proto"],
    ["date", new Date(0).toUTCString()],
    ["grpc-status", String(error.code)],
    ["grpc-message", encodeURI(error.details)],
    ...error.metadata
      .get("grpc-status-details-bin")
      .map((value): [string, string] => ["grpc-status-details-bin", (value as Buffer).toString("base64")]),
  ];
  return headers.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
}
