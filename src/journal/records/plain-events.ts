/**
 * Events whose content is a handful of plain values, by their fields on disk (proto/holdfast/journal/v1/event.proto).
 * What happens thousands of times a second is written by hand in record-writer.ts; this is for everything else.
 */
import { type DriftCounts, NO_DRIFT } from "../../domain/drift.js";
import type { PartitionEvent, SystemEvent } from "../../domain/event.js";
import { DEAD_LETTER_STATES, DRIFT_CAUSE_CODES, DRIFT_STATES, nameOf } from "./codes.js";
import { readDriftCounts, writeDriftCounts } from "./drift-codec.js";
import type { WireReader, WireWriter } from "./wire.js";

/** What a field holds: whole numbers, texts, and pairs of texts (an attribution takes the next number too). */
type FieldType =
  | "int"
  | "bool"
  | "text"
  | "ints"
  | "texts"
  | "attribution"
  | "driftCounts"
  | { readonly oneOf: readonly string[] };

interface PlainEvent {
  /** Field number of holdfast.journal.v1.Event. */
  readonly field: number;
  readonly content: Readonly<Record<string, readonly [number: number, type: FieldType]>>;
}

type AnyEvent = PartitionEvent | SystemEvent;

export const PLAIN_EVENTS = {
  UnitsReturned: { field: 19, content: { reservation: [1, "int"], line: [2, "int"], quantity: [3, "int"] } },
  ReservationReopened: {
    field: 20,
    content: { reservation: [1, "int"], epoch: [2, "int"], ended: [3, "int"], quantities: [4, "ints"] },
  },
  ProvisionalConfirmed: { field: 21, content: { reservation: [1, "int"] } },
  RiskKept: { field: 22, content: { reservation: [1, "int"], attribution: [2, "attribution"] } },
  DispatchAttached: {
    field: 23,
    content: {
      exception: [1, "int"],
      reservation: [2, "int"],
      line: [3, "int"],
      quantity: [4, "int"],
      attribution: [5, "attribution"],
    },
  },
  StockSourceMoved: {
    field: 24,
    content: { stock: [1, "int"], source: [2, "text"], fromSequence: [3, "int"], attribution: [4, "attribution"] },
  },
  DegradedStepped: {
    field: 25,
    content: { sinceMs: [1, "int"], step: [2, "int"], units: [3, "int"], percent: [4, "int"] },
  },
  SourceLost: { field: 27, content: { source: [1, "text"] } },
  SourceBack: { field: 28, content: { source: [1, "text"] } },
  GapSkipped: {
    field: 29,
    content: { source: [1, "text"], first: [2, "int"], last: [3, "int"], attribution: [4, "attribution"] },
  },
  DeadLetterResolved: {
    field: 30,
    content: { number: [1, "int"], how: [2, { oneOf: DEAD_LETTER_STATES }], attribution: [3, "attribution"] },
  },
  StockHealed: {
    field: 32,
    content: {
      stock: [1, "int"],
      source: [2, "text"],
      asOfSequence: [3, "int"],
      onHandDelta: [4, "int"],
      unavailableDelta: [5, "int"],
      runId: [6, "text"],
      attribution: [7, "attribution"],
    },
  },
  QuarantineSet: { field: 33, content: { stock: [1, "int"], isOn: [2, "bool"], attribution: [3, "attribution"] } },
  DriftFound: {
    field: 34,
    content: {
      runId: [1, "text"],
      source: [2, "text"],
      sku: [3, "text"],
      asOfSequence: [4, "int"],
      ourOnHand: [5, "int"],
      theirOnHand: [6, "int"],
      ourUnavailable: [7, "int"],
      theirUnavailable: [8, "int"],
      cause: [9, { oneOf: DRIFT_CAUSE_CODES }],
      causeDetail: [10, "text"],
      isMissingThere: [11, "bool"],
      state: [12, { oneOf: DRIFT_STATES }],
      stock: [13, "int"],
    },
  },
  DriftResolved: {
    field: 35,
    content: { number: [1, "int"], state: [2, { oneOf: DRIFT_STATES }], attribution: [3, "attribution"] },
  },
  DriftRunEnded: {
    field: 36,
    content: {
      number: [1, "int"],
      runId: [2, "text"],
      source: [3, "text"],
      full: [4, "bool"],
      startedAtMs: [5, "int"],
      counts: [6, "driftCounts"],
    },
  },
} as const satisfies Readonly<Partial<Record<AnyEvent["kind"], PlainEvent>>>;

export type PlainKind = keyof typeof PLAIN_EVENTS;

/** The field of each in holdfast.journal.v1.Event. */
export const PLAIN_FIELDS = Object.fromEntries(
  Object.entries(PLAIN_EVENTS).map(([kind, event]) => [kind, event.field]),
) as { readonly [Kind in PlainKind]: (typeof PLAIN_EVENTS)[Kind]["field"] };

const BY_FIELD = new Map<number, readonly [kind: string, event: PlainEvent]>(
  Object.entries(PLAIN_EVENTS).map(([kind, event]) => [event.field, [kind, event]]),
);

export function isPlain(event: AnyEvent): event is Extract<AnyEvent, { kind: PlainKind }> {
  return event.kind in PLAIN_EVENTS;
}

/** Writes the content of an event; the caller has opened its field. */
export function writePlainEvent(writer: WireWriter, event: Extract<AnyEvent, { kind: PlainKind }>): void {
  const values = event as unknown as Readonly<Record<string, unknown>>;
  const { content }: PlainEvent = PLAIN_EVENTS[event.kind];
  for (const [name, [number, type]] of Object.entries(content)) writeField(writer, number, type, values[name]);
}

function writeField(writer: WireWriter, number: number, type: FieldType, value: unknown): void {
  if (typeof type === "object") writer.int(number, type.oneOf.indexOf(value as string));
  else if (type === "int") writer.int(number, value as number);
  else if (type === "bool") writer.bool(number, value as boolean);
  else if (type === "text") writer.string(number, value as string);
  else if (type === "ints") writer.packed(number, value as readonly number[]);
  else if (type === "driftCounts") writeDriftCounts(writer, number, value as DriftCounts);
  else if (type === "texts") for (const text of value as readonly string[]) writer.string(number, text);
  else {
    const { actor, reason } = value as { readonly actor: string; readonly reason: string };
    writer.string(number, actor);
    writer.string(number + 1, reason);
  }
}

/** The event of a field of holdfast.journal.v1.Event; undefined where that is no plain one. The caller has entered it. */
export function readPlainEvent(reader: WireReader, field: number): AnyEvent | undefined {
  const known = BY_FIELD.get(field);
  if (known === undefined) return undefined;
  const [kind, { content }] = known;
  const event: Record<string, unknown> = { kind };
  const fields = Object.entries(content);
  for (const [name, [, type]] of fields) event[name] = emptyValue(type);
  while (reader.next()) {
    const at = reader.field;
    const found = fields.find(([, [number, type]]) => at === number || (type === "attribution" && at === number + 1));
    if (found === undefined) reader.skip();
    else readField(reader, event, found[0], found[1]);
  }
  return event as unknown as AnyEvent;
}

function readField(
  reader: WireReader,
  event: Record<string, unknown>,
  name: string,
  [number, type]: readonly [number, FieldType],
): void {
  if (typeof type === "object") event[name] = nameOf(type.oneOf, reader.int());
  else if (type === "int") event[name] = reader.int();
  else if (type === "bool") event[name] = reader.bool();
  else if (type === "text") event[name] = reader.string();
  else if (type === "ints") event[name] = reader.packed();
  else if (type === "driftCounts") event[name] = readDriftCounts(reader);
  else if (type === "texts") (event[name] as string[]).push(reader.string());
  else {
    const part = reader.field === number ? "actor" : "reason";
    event[name] = { ...(event[name] as object), [part]: reader.string() };
  }
}

function emptyValue(type: FieldType): unknown {
  if (typeof type === "object") return type.oneOf[1];
  if (type === "int") return 0;
  if (type === "bool") return false;
  if (type === "text") return "";
  if (type === "driftCounts") return NO_DRIFT;
  if (type === "attribution") return { actor: "", reason: "" };
  return [];
}
