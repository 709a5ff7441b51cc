/** Which handler decides which command. */
import { type MutatingSettings, mutatingHandlers } from "../actor/handlers/mutating.js";
import { getReservation, getStock, listReservations } from "../actor/handlers/queries.js";
import type { Handler } from "../actor/task.js";
import type { Answers, Command } from "../domain/command.js";
import { dropDeadLetter, listDeadLetters, replayDeadLetter } from "../erp/dead-letters.js";
import { listDiscrepancies, listDriftRuns, resolveDrift } from "../erp/drift/discrepancies.js";
import { getSource, listSources, putSource, type SourceTools, skipGap } from "../erp/sources.js";
import { moveStockSource } from "../erp/stock-source.js";
import { readSyncHealth, type SyncHealthSources } from "../erp/sync-health/read-sync-health.js";
import { listAtRisk, resolveAtRisk } from "../operations/at-risk.js";
import { putDealer } from "../operations/dealers.js";
import { attachDispatch, listDispatchExceptions } from "../operations/dispatch-exceptions.js";
import { getPolicy, putPolicy } from "../operations/policies.js";

export type Handlers = {
  readonly [Kind in Command["kind"]]: Handler<Extract<Command, { kind: Kind }>, Answers[Kind]>;
};

/** What some handlers need beside the turn. */
export interface HandlerTools extends SyncHealthSources, SourceTools {}

export function commandHandlers(settings: MutatingSettings, tools: HandlerTools): Handlers {
  return {
    ...mutatingHandlers(settings),
    GetReservation: getReservation,
    ListReservations: listReservations,
    GetStock: getStock,
    PutDealer: putDealer,
    PutPolicy: putPolicy,
    GetPolicy: getPolicy,
    ListDeadLetters: listDeadLetters,
    ReplayDeadLetter: replayDeadLetter,
    DropDeadLetter: dropDeadLetter,
    ListDispatchExceptions: listDispatchExceptions,
    AttachDispatch: attachDispatch,
    ListAtRisk: listAtRisk,
    ResolveAtRisk: resolveAtRisk,
    PutSource: (turn, command) => putSource(turn, command, tools),
    GetSource: (turn, command) => getSource(turn, command, tools),
    ListSources: (turn, command) => listSources(turn, command, tools),
    MoveStockSource: (turn, command) => moveStockSource(turn, command, tools),
    SkipGap: (turn, command) => skipGap(turn, command, tools),
    ListDriftRuns: listDriftRuns,
    ListDiscrepancies: listDiscrepancies,
    ResolveDrift: resolveDrift,
    GetSyncHealth: (turn, query) => readSyncHealth(turn, query, tools),
  };
}

/** Whether a command may append to the journal, and is therefore refused when there is no room for that. */
export const WRITES: Readonly<Record<Command["kind"], boolean>> = {
  Reserve: true,
  Commit: true,
  Release: true,
  Extend: true,
  GetReservation: false,
  ListReservations: false,
  GetStock: false,
  PutDealer: true,
  PutPolicy: true,
  GetPolicy: false,
  ListDeadLetters: false,
  ReplayDeadLetter: true,
  DropDeadLetter: true,
  ListDispatchExceptions: false,
  AttachDispatch: true,
  ListAtRisk: false,
  ResolveAtRisk: true,
  PutSource: true,
  GetSource: false,
  ListSources: false,
  MoveStockSource: true,
  SkipGap: true,
  ListDriftRuns: false,
  ListDiscrepancies: false,
  ResolveDrift: true,
  GetSyncHealth: false,
};
