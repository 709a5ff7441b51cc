/** The system's partition over pages: everything in it stays in memory. */
import { SystemState } from "../domain/system-state.js";
import { driftRunCodec } from "./codecs/drift-codecs.js";
import {
  deadLetterCodec,
  dealerCodec,
  epochCodec,
  policyCodec,
  sourceCodec,
  warehouseCodec,
} from "./codecs/system-codecs.js";
import type { ItemCodec } from "./item-codec.js";
import { type CheckpointedTable, NumberedTable } from "./numbered-table.js";
import type { PageSpace } from "./page-space.js";
import { TABLES } from "./tables.js";

export const SYSTEM_PARTITION = 0;

/** What a checkpoint says of the system's partition beside the pages. */
export interface SystemHead {
  readonly sequence: number;
  readonly epochs: number;
  readonly warehouses: number;
  readonly dealers: number;
  readonly policies: number;
  readonly sources: number;
  readonly deadLetters: number;
  readonly openDeadLetters: number;
  readonly driftRuns: number;
}

/** All other tables of the system stay in memory; dead letters and runs are looked at by people only. */
const LISTS_RESIDENT_MAX = 256;

export const EMPTY_SYSTEM_HEAD: SystemHead = {
  sequence: 0,
  epochs: 0,
  warehouses: 0,
  dealers: 0,
  policies: 0,
  sources: 0,
  deadLetters: 0,
  openDeadLetters: 0,
  driftRuns: 0,
};

export class SystemStore {
  readonly state: SystemState;
  /** Sequence of the last record taken in. */
  sequence: number;
  readonly #tables: readonly CheckpointedTable[];

  constructor(space: PageSpace, head: SystemHead) {
    this.sequence = head.sequence;
    const table = <T extends { readonly number: number }>(
      which: { readonly id: number; readonly pageItems: number },
      codec: ItemCodec<T>,
      count: number,
      residentMax = Number.POSITIVE_INFINITY,
    ) =>
      new NumberedTable<T>({
        space,
        column: { table: which.id, partition: SYSTEM_PARTITION },
        codec,
        pageItems: which.pageItems,
        residentMax: () => residentMax,
        count,
      });
    const tables = {
      epochs: table(TABLES.epochs, epochCodec, head.epochs),
      warehouses: table(TABLES.warehouses, warehouseCodec, head.warehouses),
      dealers: table(TABLES.dealers, dealerCodec, head.dealers),
      policies: table(TABLES.policies, policyCodec, head.policies),
      sources: table(TABLES.sources, sourceCodec, head.sources),
      deadLetters: table(TABLES.deadLetters, deadLetterCodec, head.deadLetters, LISTS_RESIDENT_MAX),
      driftRuns: table(TABLES.driftRuns, driftRunCodec, head.driftRuns, LISTS_RESIDENT_MAX),
    };
    this.state = new SystemState(tables, head.openDeadLetters);
    this.#tables = Object.values(tables);
  }

  get dirtyPages(): number {
    return this.#tables.reduce((sum, table) => sum + table.dirtyPages, 0);
  }

  head(): SystemHead {
    const { epochs, warehouses, dealers, policies, sources, deadLetters, driftRuns } = this.state.tables;
    return {
      sequence: this.sequence,
      epochs: epochs.count,
      warehouses: warehouses.count,
      dealers: dealers.count,
      policies: policies.count,
      sources: sources.count,
      deadLetters: deadLetters.count,
      openDeadLetters: this.state.openDeadLetters,
      driftRuns: driftRuns.count,
    };
  }

  freeze(): void {
    for (const table of this.#tables) table.freeze();
  }

  stage(pagesMax: number): number {
    let done = 0;
    for (const table of this.#tables) done += table.stageFrozen(pagesMax - done);
    return done;
  }
}
