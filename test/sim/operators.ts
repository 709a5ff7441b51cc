/**
 * The people who see to the ERP side of a simulated world: they put sources, pass over gaps, move stocks from one source to another,
 * and decide about dead letters, dispatches that matched nothing and orders at risk. Most of it is done on what a list showed before.
 */
import type { Command } from "../../src/domain/command.js";
import type { Callers } from "./callers.js";
import { SKUS, WAREHOUSES } from "./orders.js";
import type { Told } from "./service-calls.js";
import type { World } from "./world.js";

const SOURCES = ["erp", "erp", "wms"] as const;
const ATTRIBUTION = { actor: "sim", reason: "" };

/** A dispatch that matched nothing. */
interface Unmatched {
  readonly warehouseId: string;
  readonly sku: string;
  readonly exception: number;
  readonly reservationId: string;
}

export class Operators {
  readonly #world: World;
  readonly #callers: Callers;
  /** What the last lists showed. */
  #letters: readonly number[] = [];
  #exceptions: readonly Unmatched[] = [];
  #atRisk: readonly string[] = [];
  readonly #pages: Command[] = [];

  constructor(world: World, callers: Callers) {
    this.#world = world;
    this.#callers = callers;
  }

  move(): void {
    const { random } = this.#world;
    switch (random.below(15)) {
      case 0:
        this.#putSource();
        break;
      case 1:
        this.skipGap(random.pick(SOURCES));
        break;
      case 2:
        this.#moveStock();
        break;
      case 3:
      case 12:
        this.#seeToDeadLetters();
        break;
      case 4:
      case 5:
        this.#seeToExceptions();
        break;
      case 6:
      case 7:
      case 13:
      case 14:
        this.#seeToRisks();
        break;
      case 8:
        this.#ask({ kind: "GetSource", source: random.pick([...SOURCES, "nobody"]) });
        break;
      case 9:
        this.#ask({ kind: "ListSources", pageSize: random.pick([1, 100]), pageToken: "" });
        break;
      case 10:
        this.#ask(this.#pages.pop() ?? this.#health());
        break;
      default:
        this.#ask(this.#health());
        break;
    }
  }

  /** Passes over what a source does not send, all of it or a part. */
  skipGap(source: string, isWhole = false): void {
    const { calls, random } = this.#world;
    calls.ask(this.#world.node, { kind: "sourceStatus", source }, (told) => {
      if (told.kind !== "answered") return;
      const { appliedSequence, gaps } = told.value as {
        readonly appliedSequence: number;
        readonly gaps: readonly { readonly first: number; readonly last: number }[];
      };
      const [gap] = gaps;
      const last =
        gap === undefined ? appliedSequence + random.below(3) : gap.first + random.below(gap.last - gap.first + 2);
      this.#ask({
        kind: "SkipGap",
        source,
        last: Math.max(1, isWhole && gap !== undefined ? gap.last : last),
        attribution: ATTRIBUTION,
      });
    });
  }

  #putSource(): void {
    const { random } = this.#world;
    const some = <T>(values: readonly T[]): T | undefined => (random.chance(0.5) ? random.pick(values) : undefined);
    const laggingAfterMs = some([200, 2_000, 60_000]);
    const staleAfterMs = some([2_000, 8_000, 20_000]);
    const gapWaitMs = some([20, 500, 30_000]);
    const gapPolicy = some(["WAIT", "SKIP"] as const);
    this.#ask({
      kind: "PutSource",
      source: random.pick(SOURCES),
      warehouseIds: random.pick([[], [], ["W1"], ["W1", "W2"]]),
      thresholds: {
        ...(laggingAfterMs === undefined ? {} : { laggingAfterMs }),
        ...(staleAfterMs === undefined ? {} : { staleAfterMs }),
        ...(gapWaitMs === undefined ? {} : { gapWaitMs }),
        ...(gapPolicy === undefined ? {} : { gapPolicy }),
      },
      attribution: ATTRIBUTION,
    });
  }

  /** From about where the source is now; mostly back to the one that feeds the world. */
  #moveStock(): void {
    const { calls, random } = this.#world;
    const source = random.pick(SOURCES);
    calls.ask(this.#world.node, { kind: "sourceStatus", source }, (told) => {
      if (told.kind !== "answered") return;
      const { appliedSequence } = told.value as { readonly appliedSequence: number };
      this.#ask({
        kind: "MoveStockSource",
        warehouseId: random.pick([...WAREHOUSES, "W3"]),
        sku: random.chance(0.6) ? random.pick(SKUS.slice(0, 4)) : random.pick([...SKUS, "S-none"]),
        source,
        fromSequence: Math.max(1, appliedSequence + random.below(8) - 4),
        attribution: ATTRIBUTION,
      });
    });
  }

  #seeToDeadLetters(): void {
    const { random } = this.#world;
    if (this.#letters.length === 0 || random.chance(0.3)) {
      const page = { pageSize: random.pick([2, 1_000]), pageToken: "" };
      this.#ask({
        kind: "ListDeadLetters",
        source: random.pick(["", "erp"]),
        includeResolved: random.chance(0.5),
        ...page,
      });
      return;
    }
    const kind = random.chance(0.7) ? "ReplayDeadLetter" : "DropDeadLetter";
    this.#ask({ kind, number: random.pick([...this.#letters, 9_999]), attribution: ATTRIBUTION });
  }

  #seeToExceptions(): void {
    const { random } = this.#world;
    const page = { pageSize: random.pick([2, 1_000]), pageToken: "" };
    if (this.#exceptions.length === 0 || random.chance(0.3)) {
      const sku = random.chance(0.5) ? "" : random.pick(SKUS.slice(0, 4));
      const warehouseId = random.pick(WAREHOUSES);
      this.#ask({ kind: "ListDispatchExceptions", warehouseId, sku, includeResolved: random.chance(0.3), ...page });
      return;
    }
    const { warehouseId, sku, exception, reservationId } = random.pick(this.#exceptions);
    const isNamed = random.chance(0.2) && reservationId !== "";
    const named = isNamed ? reservationId : this.#callers.committed(warehouseId, sku);
    this.#ask({
      kind: "AttachDispatch",
      warehouseId,
      exception,
      reservationId: named,
      quantity: random.pick([0, 0, 1, 2, 50]),
      attribution: ATTRIBUTION,
    });
  }

  #seeToRisks(): void {
    const { random } = this.#world;
    if (this.#atRisk.length === 0 || random.chance(0.35)) {
      const page = { pageSize: random.pick([2, 1_000, 1_000]), pageToken: "" };
      this.#ask({
        kind: "ListAtRisk",
        warehouseId: random.pick(["", "", "W1", "W3"]),
        includeKept: random.chance(0.5),
        ...page,
      });
      return;
    }
    const reservationId = random.chance(0.8) ? random.pick(this.#atRisk) : this.#callers.anyReservation().id;
    const resolution = random.pick(["RELEASE", "KEEP"] as const);
    this.#ask({ kind: "ResolveAtRisk", reservationId, resolution, attribution: ATTRIBUTION });
  }

  #health(): Command {
    const { random } = this.#world;
    const warehouseId = random.pick(["", "W1", "W2"]);
    return { kind: "GetSyncHealth", warehouseId, sku: warehouseId !== "" && random.chance(0.5) ? "S1" : "" };
  }

  #ask(command: Command): void {
    this.#world.calls.ask(this.#world.node, { kind: "command", command }, (told) => this.#learn(command, told));
  }

  #learn(command: Command, told: Told): void {
    const { coverage } = this.#world;
    if (told.kind !== "answered") return;
    const answer = told.value as {
      readonly letters?: readonly { readonly number: number; readonly reason: string }[];
      readonly exceptions?: readonly {
        readonly number: number;
        readonly event: {
          readonly body: Omit<Unmatched, "exception" | "reservationId"> & { readonly reservationId?: string };
        };
      }[];
      readonly lines?: readonly { readonly reservation: { readonly id: string; readonly provisional: boolean } }[];
      readonly nextPageToken?: string;
      readonly skipped?: object;
    };
    if (answer.nextPageToken) this.#pages.push({ ...command, pageToken: answer.nextPageToken } as Command);
    if (answer.letters !== undefined) {
      const hopeful = answer.letters.filter(({ reason }) => !/SOURCE|INVALID/.test(reason));
      this.#letters = (hopeful.length > 0 ? hopeful : answer.letters).map(({ number }) => number);
    }
    if (answer.exceptions !== undefined) {
      this.#exceptions = answer.exceptions.map(({ number, event: { body } }) => {
        const { warehouseId, sku, reservationId = "" } = body;
        return { warehouseId, sku, exception: number, reservationId };
      });
    }
    if (command.kind === "ListAtRisk" && answer.lines !== undefined)
      this.#atRisk = answer.lines.map(({ reservation }) => reservation.id);
    if (answer.skipped !== undefined) coverage.count("a gap was skipped by an operator");
    if (command.kind === "ReplayDeadLetter") coverage.count("a dead letter was replayed");
    if (command.kind === "AttachDispatch") coverage.count("a dispatch was attached by an operator");
    if (command.kind === "ResolveAtRisk") {
      coverage.count(
        command.resolution === "KEEP" ? "an order at risk was kept" : "an order at risk was released by an operator",
      );
    }
    if (command.kind === "ListAtRisk" && answer.lines?.some(({ reservation }) => reservation.provisional)) {
      coverage.count("a provisional order was listed at risk");
    }
  }
}
