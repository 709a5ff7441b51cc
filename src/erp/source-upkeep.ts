/**
 * What time and silence bring about in the turn: a source that is lost or back goes into the journal, the buffer of a stale warehouse
 * grows, a gap that has waited for too long is passed over where policy says so, and once a warehouse's sources are all back,
 * its provisional orders are confirmed in the order of their commit (P11). The engine runs it when it is due, before it decides anything.
 */
import type { Turn } from "../actor/turn.js";
import type { Attribution } from "../domain/command.js";
import { degradedBuffer, NO_BUFFER, nextStepAtMs, sameBuffer } from "../domain/degraded.js";
import type { PartitionEvent } from "../domain/event.js";
import type { SequenceRange } from "../domain/sequence-runs.js";
import type { Source } from "../domain/source.js";
import type { SystemState } from "../domain/system-state.js";
import { LIMITS } from "../limits.js";
import type { LogStore } from "../snapshots/log-store.js";
import type { PartitionStore } from "../snapshots/partition-store.js";
import { drain, type Ingest } from "./ingest.js";
import type { SourceLinks } from "./source-links.js";

const BY_POLICY = { actor: "holdfast", reason: "the gap was open for gap_wait" };

export class SourceUpkeep {
  readonly #links: SourceLinks;
  readonly #quantityMax: number;
  /** Partitions whose provisional orders are being confirmed, each with what is left of them. */
  readonly #confirming = new Map<number, Iterator<number>>();
  #dueAtMs = 0;
  /** How the feeds and policies stood at the last run: what was put since is looked at now. */
  #feedsAt = -1;
  #policiesAt = -1;
  readonly #system: SystemState;
  /** Called when events of a source were passed over: only its positions can say what they did. */
  onSkipped: (source: string) => void = () => {};

  constructor(store: LogStore, { links, quantityMax }: Ingest) {
    this.#links = links;
    this.#system = store.system.state;
    this.#quantityMax = quantityMax;
    links.onSight = (nowMs) => {
      this.#dueAtMs = Math.min(this.#dueAtMs, nowMs);
    };
    for (const partition of store.partitions.values()) {
      if (partition.degraded.step === 0) this.#confirm(partition);
    }
  }

  /** When there is something to do next, service time; infinity for never. */
  get dueAtMs(): number {
    const { feedChanges, policies } = this.#system;
    return this.#feedsAt === feedChanges && this.#policiesAt === policies.changes ? this.#dueAtMs : 0;
  }

  run(turn: Turn): void {
    let nextMs = Number.POSITIVE_INFINITY;
    this.#feedsAt = this.#system.feedChanges;
    this.#policiesAt = this.#system.policies.changes;
    for (const source of turn.system.sources) {
      this.#passOverDue(turn, source);
      this.#look(turn, source);
      nextMs = Math.min(nextMs, this.#links.nextLookAtMs(source.name), this.#skipAtMs(source));
    }
    for (const partition of turn.store.partitions.values()) {
      this.#buffer(turn, partition);
      if (partition.degraded.step === 0) continue;
      nextMs = Math.min(
        nextMs,
        nextStepAtMs(turn.system.policies.effective(partition.warehouseId, ""), partition.degraded),
      );
    }
    this.#confirmSome(turn);
    this.#dueAtMs = this.#confirming.size > 0 ? turn.nowMs : nextMs;
  }

  /** Passes over what comes next and is missing, on record; then applies what waited behind it. */
  passOver(turn: Turn, name: string, gap: SequenceRange, attribution: Attribution): void {
    turn.recordSystem([{ kind: "GapSkipped", source: name, ...gap, attribution }]);
    drain(turn, turn.system.source(name)!, this.#quantityMax);
    this.onSkipped(name);
    this.#dueAtMs = Math.min(this.#dueAtMs, turn.nowMs);
  }

  #look(turn: Turn, source: Source): void {
    const isReconciling = [...turn.system.feeds(source)].some((partition) => this.#confirming.has(partition));
    const state = this.#links.look(source, turn.nowMs, isReconciling);
    const isLost = state === "STALE" || state === "CATCHING_UP";
    if (isLost === source.staleSinceMs > 0) return;
    turn.recordSystem([{ kind: isLost ? "SourceLost" : "SourceBack", source: source.name }]);
  }

  /** The buffer of a warehouse follows its sources; when the last of them is back, its orders are confirmed. */
  #buffer(turn: Turn, partition: PartitionStore): void {
    let sinceMs = Number.POSITIVE_INFINITY;
    for (const { staleSinceMs } of this.#links.sourcesOf(partition.partition)) {
      if (staleSinceMs > 0) sinceMs = Math.min(sinceMs, staleSinceMs);
    }
    const policy = turn.system.policies.effective(partition.warehouseId, "");
    const buffer = Number.isFinite(sinceMs) ? degradedBuffer(policy, sinceMs, turn.nowMs) : NO_BUFFER;
    if (sameBuffer(buffer, partition.degraded)) return;
    turn.record(partition, [{ kind: "DegradedStepped", ...buffer }]);
    if (buffer.step === 0) this.#confirm(partition);
    else this.#confirming.delete(partition.partition);
  }

  #confirm(partition: PartitionStore): void {
    if (partition.provisional.size === 0) return;
    // A copy: what is committed from now on is not provisional, and what is confirmed leaves the set.
    this.#confirming.set(partition.partition, [...partition.provisional].values());
    this.#dueAtMs = 0;
  }

  /** Confirms a bounded number of provisional orders: those that are covered. The others stay at risk until they are. */
  #confirmSome(turn: Turn): void {
    let left = LIMITS.turnConfirmationsMax;
    for (const [number, orders] of this.#confirming) {
      const partition = turn.store.partition(number);
      const events: PartitionEvent[] = [];
      let next = orders.next();
      for (; !next.done && left > 0; left--) {
        const reservation = partition.reservations.get(next.value)!;
        if (reservation.provisional && !reservation.atRisk) {
          events.push({ kind: "ProvisionalConfirmed", reservation: next.value });
        }
        if (left > 1) next = orders.next();
      }
      if (events.length > 0) turn.record(partition, events);
      if (next.done) this.#confirming.delete(number);
      if (left <= 0) return;
    }
  }

  /** Where policy says so, what is missing is passed over once it has been for gapWait; then what waited is applied. */
  #passOverDue(turn: Turn, source: Source): void {
    if (turn.nowMs < this.#skipAtMs(source)) return;
    const [gap] = source.missing(this.#links.announced(source.name), 1);
    if (gap === undefined) return;
    this.passOver(turn, source.name, gap, BY_POLICY);
  }

  #skipAtMs(source: Source): number {
    const { gapPolicy, gapWaitMs } = this.#links.thresholds(source.name);
    const sinceMs = this.#links.gapSinceMs(source.name);
    return gapPolicy === "WAIT" || sinceMs === 0 ? Number.POSITIVE_INFINITY : sinceMs + gapWaitMs;
  }
}
