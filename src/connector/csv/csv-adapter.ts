/**
 * An ERP that drops CSV files into a folder (docs/connect.md has the columns). One file at a time is taken, as a whole: a file
 * with anything wrong in it fails before its first row is told.
 *
 * 1. The cursor names the file in working/ and how many of its rows are told. A file in working/ that the cursor does not name
 *    was taken and not begun; one whose rows are all told is only to be put away.
 */
import type { OrderEvent } from "../../client/index.js";
import type { Changes, ErpAdapter, ErpChange, ErpPosition, ReadLimits } from "../erp-adapter.js";
import type { ErpGuard } from "../erp-guard.js";
import { BadFile } from "./csv-rows.js";
import { DropFolder, type DroppedFile } from "./drop-folder.js";
import { eventsOf } from "./event-rows.js";
import { OrderFiles } from "./order-files.js";
import { positionsOf } from "./position-rows.js";

export interface CsvSettings {
  readonly inbox: string;
  readonly outbox: string;
  readonly delimiter: string;
}

export interface CsvReports {
  /** A file was put into failed/, with what is wrong with it. */
  fileFailed(name: string, fault: string): void;
}

interface Progress {
  readonly file: string;
  /** Rows told. */
  readonly rows: number;
  readonly done: boolean;
}

type OpenFile =
  | { readonly kind: "events"; readonly file: DroppedFile; readonly events: readonly ErpChange[] }
  | { readonly kind: "positions"; readonly file: DroppedFile; readonly positions: readonly ErpPosition[] };

const PAGE_SIZE = 1_000;
const RUN_ID_LENGTH_MAX = 128;

export class CsvAdapter implements ErpAdapter {
  readonly #settings: CsvSettings;
  readonly #guard: ErpGuard;
  readonly #reports: CsvReports;
  readonly #folder: DropFolder;
  readonly #orders: OrderFiles;
  #isPrepared = false;
  /** The file in working/, read and found good. */
  #open: OpenFile | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(settings: CsvSettings, guard: ErpGuard, reports: CsvReports) {
    this.#settings = settings;
    this.#guard = guard;
    this.#reports = reports;
    this.#folder = new DropFolder(settings.inbox);
    this.#orders = new OrderFiles(settings.outbox, settings.delimiter);
  }

  changes(cursor: string | undefined, { eventsMax, signal }: ReadLimits): Promise<Changes> {
    const progress = cursor === undefined ? undefined : (JSON.parse(cursor) as Progress);
    const next = (): Promise<Changes> => this.#next(cursor, progress, eventsMax);
    return this.#guard.run({ what: "read the drop folder", signal }, () => this.#alone(next));
  }

  /** The folder itself knows what was told but for the file in working/: nothing more of that one is. */
  presentCursor(signal: AbortSignal): Promise<string | undefined> {
    return this.#guard.run({ what: "look into the drop folder", signal }, async () => {
      await this.#folder.prepare();
      const file = (await this.#folder.working())?.name;
      return file === undefined ? undefined : cursorOf({ file, rows: 0, done: true });
    });
  }

  /** Nobody can be asked: positions come as files. */
  positions(): undefined {
    return undefined;
  }

  async health(signal: AbortSignal): Promise<void> {
    await this.#guard.run({ what: "look into the drop folder", signal }, () => this.#folder.waiting());
  }

  async deliverOrder(event: OrderEvent, signal: AbortSignal): Promise<void> {
    await this.#guard.run({ what: "write an order file", signal }, () => this.#orders.write(event));
  }

  settled(cursor: string): Promise<void> {
    return this.#alone(() => this.#putAway(JSON.parse(cursor) as Progress));
  }

  /** File work cannot be cancelled: what was given up as too slow has to end before the next begins. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  async #putAway({ file, done }: Progress): Promise<void> {
    if (!done || (await this.#folder.working())?.name !== file) return;
    await this.#folder.finish(file);
    this.#open = undefined;
  }

  async #next(cursor: string | undefined, progress: Progress | undefined, eventsMax: number): Promise<Changes> {
    if (!this.#isPrepared) await this.#folder.prepare();
    this.#isPrepared = true;
    if (progress !== undefined) await this.#putAway(progress);
    const open = await this.#openNext(progress?.file);
    if (open === undefined) return { events: [], cursor, hasMore: false };
    const { name: file, full } = open.file;
    if (open.kind === "positions") {
      const positions = { runId: file.slice(0, RUN_ID_LENGTH_MAX), full, pages: pagesOf(open.positions) };
      return {
        events: [],
        cursor: cursorOf({ file, rows: open.positions.length, done: true }),
        hasMore: true,
        positions,
      };
    }
    const first = progress?.file === file ? progress.rows : 0;
    const events = open.events.slice(first, first + eventsMax);
    const rows = first + events.length;
    return { events, cursor: cursorOf({ file, rows, done: rows === open.events.length }), hasMore: true };
  }

  /** The file in working/, or the first good one of those that wait. */
  async #openNext(lastFile: string | undefined): Promise<OpenFile | undefined> {
    for (;;) {
      const file = await this.#takeNext(lastFile);
      if (file === undefined) return undefined;
      if (this.#open?.file.name === file.name) return this.#open;
      try {
        this.#open = await this.#read(file);
        return this.#open;
      } catch (error) {
        if (!(error instanceof BadFile)) throw error;
        await this.#folder.fail(file.name, error.message);
        this.#reports.fileFailed(file.name, error.message);
      }
    }
  }

  async #takeNext(lastFile: string | undefined): Promise<DroppedFile | undefined> {
    const working = await this.#folder.working();
    if (working !== undefined) return working;
    for (const file of await this.#folder.waiting()) {
      const fault = await this.#folder.take(file, lastFile);
      if (fault === undefined) return file;
      this.#reports.fileFailed(file.name, fault);
    }
    return undefined;
  }

  async #read(file: DroppedFile): Promise<OpenFile> {
    const { content, writeTime } = await this.#folder.read(file.name);
    const { delimiter } = this.#settings;
    if (file.kind === "positions") return { kind: "positions", file, positions: positionsOf(content, delimiter) };
    return { kind: "events", file, events: eventsOf({ name: file.name, content, writeTime }, delimiter) };
  }
}

async function* pagesOf(positions: readonly ErpPosition[]): AsyncGenerator<readonly ErpPosition[]> {
  for (let first = 0; first < positions.length; first += PAGE_SIZE) yield positions.slice(first, first + PAGE_SIZE);
}

function cursorOf(progress: Progress): string {
  return JSON.stringify(progress);
}
