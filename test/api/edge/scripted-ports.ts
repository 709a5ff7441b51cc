/**
 * The engine as the edge sees it, played by the test: commands and events are kept in the order of their arrival and are
 * settled when and how the test says. It decides nothing and makes nothing durable.
 */
import type {
  AvailabilityPage,
  AvailabilityWatch,
  Backup,
  EventDisposition,
  OrderQuery,
  OrderWatch,
  Outcome,
  PositionRunPort,
  PositionsRequest,
  ServicePorts,
  SourceStatus,
  WatchListener,
} from "../../../src/actor/service.js";
import type { Answers, Command, Dealer } from "../../../src/domain/command.js";
import { type DriftCounts, NO_DRIFT, type Position } from "../../../src/domain/drift.js";
import type { IncomingErpEvent } from "../../../src/domain/erp-event.js";
import { type Refusal, refusal } from "../../../src/domain/refusal.js";

/** A command that was taken and waits. Each may be settled once. */
export interface TakenCommand {
  readonly command: Command;
  answer(answer: Answers[keyof Answers]): void;
  refuse(refused: Refusal): void;
  fail(cause: unknown): void;
}

/** An ERP event or a heartbeat that was taken and waits. */
export interface TakenEvent {
  readonly event: IncomingErpEvent | { readonly source: string; readonly lastSequence: number };
  settle(outcome: Outcome<EventDisposition>): void;
}

type AvailabilityQuery = Parameters<ServicePorts["availability"]["read"]>[0];

export class ScriptedPorts implements ServicePorts {
  readonly taken: TakenCommand[] = [];
  readonly events: TakenEvent[] = [];
  readonly queries: AvailabilityQuery[] = [];
  /** Called with each command as it is taken; for answers at once. */
  onCommand: (taken: TakenCommand) => void = () => {};
  onEvent: (taken: TakenEvent) => void = () => {};
  page: AvailabilityPage | Refusal = refusal("WAREHOUSE_NOT_FOUND", "not scripted");
  status: Outcome<SourceStatus> = {
    kind: "answered",
    value: { appliedSequence: 0, gaps: [], lastEventAtMs: 0, state: "LIVE" },
  };
  dealer: Dealer | Refusal = refusal("DEALER_NOT_FOUND", "not scripted");
  dealersPage: ReturnType<ServicePorts["dealers"]["list"]> = { dealers: [], nextPageToken: "" };

  readonly commands: ServicePorts["commands"] = {
    submit: (command, render, settle) => {
      const taken: TakenCommand = {
        command,
        answer: (answer) => settle({ kind: "answered", value: render(answer as never) }),
        refuse: (refused) => settle({ kind: "refused", refusal: refused }),
        fail: (cause) => settle({ kind: "failed", cause }),
      };
      this.taken.push(taken);
      this.onCommand(taken);
    },
  };

  readonly ingest: ServicePorts["ingest"] = {
    offer: (event, settle) => this.#takeEvent({ event, settle }),
    heartbeat: ({ source, lastSequence }, settle) => this.#takeEvent({ event: { source, lastSequence }, settle }),
    sourceStatus: (_, settle) => settle(this.status),
  };

  readonly availability: ServicePorts["availability"] = {
    read: (query) => {
      this.queries.push(query);
      return this.page;
    },
  };

  /** What a watch of availability begins with, and who listens to it. */
  availabilityWatch: AvailabilityWatch | Refusal = refusal("WAREHOUSE_NOT_FOUND", "not scripted");
  readonly watchListeners: WatchListener[] = [];
  readonly watches: ServicePorts["watches"] = {
    watch: (_, listener) => {
      this.watchListeners.push(listener);
      return this.availabilityWatch;
    },
  };

  readonly dealers: ServicePorts["dealers"] = {
    get: () => this.dealer,
    list: () => this.dealersPage,
  };

  /** What a watch of orders begins with. */
  orderWatch: OrderWatch | Refusal = refusal("CURSOR_TOO_OLD", "not scripted");
  readonly orderQueries: OrderQuery[] = [];
  readonly orders: ServicePorts["orders"] = {
    watch: async (query) => {
      this.orderQueries.push(query);
      return this.orderWatch;
    },
  };

  /** Runs of positions in the order in which they began. */
  readonly runs: ScriptedRun[] = [];
  /** Called with what a run is asked; by default it is answered at once. */
  onPart: (settle: () => void) => void = (settle) => settle();
  runEnd: Outcome<DriftCounts> | undefined;
  /** Who listens for a source, to be told what is asked of it. */
  readonly listeners = new Map<string, (request: PositionsRequest) => void>();
  readonly positions: ServicePorts["positions"] = {
    begin: (head) => {
      const run = new ScriptedRun(head, this);
      this.runs.push(run);
      return run;
    },
    ask: () => "run-1",
    listen: (source, listener) => {
      this.listeners.set(source, listener);
      return () => this.listeners.delete(source);
    },
  };

  backup: Backup | Refusal = refusal("DIRECTORY_NOT_EMPTY", "not scripted");
  readonly backups: ServicePorts["backups"] = { take: async () => this.backup };

  #takeEvent(taken: TakenEvent): void {
    this.events.push(taken);
    this.onEvent(taken);
  }
}

/** One run, with everything that was told in it. */
export class ScriptedRun implements PositionRunPort {
  readonly parts: (readonly Position[])[] = [];
  isFinished = false;
  isAbandoned = false;
  readonly #ports: ScriptedPorts;

  constructor(
    readonly head: { readonly runId: string; readonly source: string; readonly full: boolean },
    ports: ScriptedPorts,
  ) {
    this.#ports = ports;
  }

  compare(positions: readonly Position[], settle: (outcome: Outcome<undefined>) => void): void {
    this.parts.push(positions);
    this.#ports.onPart(() => settle({ kind: "answered", value: undefined }));
  }

  finish(settle: (outcome: Outcome<DriftCounts>) => void): void {
    this.isFinished = true;
    const compared = this.parts.flat().length;
    this.#ports.onPart(() => settle(this.#ports.runEnd ?? { kind: "answered", value: { ...NO_DRIFT, compared } }));
  }

  abandon(): void {
    this.isAbandoned = true;
  }
}

export const APPLIED: Outcome<EventDisposition> = {
  kind: "answered",
  value: { disposition: "APPLIED", reason: "", missing: [] },
};
