/** Domain values as the JSON form of proto/holdfast/journal/v1: the mapping that the hand-made codecs are held to, written again. */
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { DriftCounts } from "../../../src/domain/drift.js";
import { type IncomingErpEvent, isFaulty } from "../../../src/domain/erp-event.js";
import type {
  JournalRecord,
  PartitionEvent,
  RequestAnswered,
  SourcePut,
  SystemEvent,
} from "../../../src/domain/event.js";
import type { ConsumedUnits } from "../../../src/domain/movement.js";
import type { PolicyFields, PolicyScope } from "../../../src/domain/policy.js";

const CAUSES = { CANCELLED: 1, REJECTED: 2, DISPATCH_FAILED: 3 };

/** Drops what is undefined. */
export function json(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

export function recordJson(record: JournalRecord): JsonObject {
  return json({ ...record, events: record.events.map(eventJson) });
}

function lowerFirst(kind: string): string {
  return kind.charAt(0).toLowerCase() + kind.slice(1);
}

export function eventJson(event: PartitionEvent | SystemEvent): JsonObject {
  return { [lowerFirst(event.kind)]: json(content(event)) };
}

function content(event: PartitionEvent | SystemEvent): object {
  const { kind, ...fields } = event;
  switch (event.kind) {
    case "ErpEventApplied":
      return { ...fields, event: erpEventJson(event.event), consumed: unitsJson(event.consumed) };
    case "ErpEventRejected":
    case "ErpEventBuffered":
    case "DispatchUnmatched":
      return { ...fields, event: erpEventJson(event.event) };
    case "ReservationReleased": {
      const { reservation, quantities, reason, attribution } = event;
      return { reservation, quantities, cause: `RELEASE_CAUSE_${reason}`, ...attribution };
    }
    case "StockPolicySet":
    case "DealerPut":
    case "RiskKept":
    case "DispatchAttached":
    case "StockSourceMoved":
    case "GapSkipped":
    case "StockHealed":
    case "QuarantineSet": {
      const { attribution, kind: _, ...rest } = event;
      return { ...rest, ...attribution };
    }
    case "DriftFound":
      return { ...fields, cause: `DRIFT_CAUSE_${event.cause}`, state: `DRIFT_STATE_${event.state}` };
    case "DriftResolved":
      return { number: event.number, state: `DRIFT_STATE_${event.state}`, ...event.attribution };
    case "DriftRunEnded":
      return { ...fields, counts: driftCountsJson(event.counts) };
    case "DeadLetterResolved":
      return { number: event.number, how: `DEAD_LETTER_STATE_${event.how}`, ...event.attribution };
    case "OutcomesTold":
      return {
        outcomes: event.outcomes.map(({ type, lines, ...rest }) => ({
          ...rest,
          type: `OUTCOME_TYPE_${type}`,
          lines: lines.flatMap(({ line, quantity, remaining }) => [line, quantity, remaining]),
        })),
      };
    case "SourcePut":
      return { source: event.source, ...sourcePutJson(event), ...event.attribution };
    case "PolicyPut":
      return { ...policyJson(event), ...event.attribution };
    case "RequestAnswered":
      return answerJson(event);
    default:
      return fields;
  }
}

export function driftCountsJson({ causes, ...counts }: DriftCounts): number[] {
  const { compared, drifted, healed, quarantined, deferred, incomparable, missingHere, missingThere } = counts;
  return [compared, drifted, healed, quarantined, deferred, incomparable, missingHere, missingThere, ...causes];
}

export function policyJson(policy: { readonly scope: PolicyScope; readonly fields: PolicyFields }): JsonObject {
  const { driftAction: action, availabilityPrecision: precision, ...fields } = policy.fields;
  return json({
    ...policy.scope,
    ...fields,
    driftAction: action === undefined ? undefined : `DRIFT_ACTION_${action}`,
    availabilityPrecision: precision === undefined ? undefined : `AVAILABILITY_PRECISION_${precision}`,
  });
}

export function sourcePutJson(put: Pick<SourcePut, "warehouseIds" | "thresholds">): JsonObject {
  const { gapPolicy, ...thresholds } = put.thresholds;
  const { warehouseIds } = put;
  return json({
    warehouseIds,
    ...thresholds,
    gapPolicy: gapPolicy === undefined ? undefined : `GAP_POLICY_${gapPolicy}`,
  });
}

export function unitsJson(consumed: readonly ConsumedUnits[]): readonly number[] {
  return consumed.flatMap(({ reservation, line, quantity }) => [reservation, line, quantity]);
}

export function answerJson(answer: RequestAnswered): JsonObject {
  const { kind, method, outcome, fingerprint, freshness, shown, shortages, ...rest } = answer;
  return json({
    ...rest,
    method: `METHOD_${method.toUpperCase()}`,
    outcome: `OUTCOME_${outcome}`,
    fingerprintHigh: fingerprint.high,
    fingerprintLow: fingerprint.low,
    shown: shown === undefined ? undefined : { ...shown, state: `RESERVATION_STATE_${shown.state}` },
    shortages: shortages.map((shortage) => ({ ...shortage, reason: `SHORTAGE_REASON_${shortage.reason}` })),
    freshness: `FRESHNESS_STATE_${freshness.state}`,
    freshAsOfMs: freshness.asOfMs,
    freshAgeMs: freshness.ageMs,
  });
}

export function erpEventJson(event: IncomingErpEvent): JsonValue {
  const { source, sequence, eventId } = event;
  if (isFaulty(event)) {
    const raw = Buffer.from(event.raw).toString("base64");
    return { source, sequence, eventId, faulty: { fault: event.fault, raw } };
  }
  const { kind, ...fields } = event.body;
  const body =
    event.body.kind === "OrderClosed" ? { ...fields, reason: undefined, cause: CAUSES[event.body.reason] } : fields;
  return { source, sequence, eventId, occurredAtMs: event.occurredAtMs, [lowerFirst(kind)]: json(body) };
}
