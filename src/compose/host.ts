/**
 * The host keeps a log in service: it opens the data folder under its lock, and after a failure throws the node away
 * and opens another from what is durable (decision 11). When that fails too, the process must end.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { journalUnavailable, shuttingDown } from "../actor/refusals.js";
import type { Backup, PositionRunPort, ServicePorts } from "../actor/service.js";
import type { EngineTelemetry } from "../actor/telemetry.js";
import type { Refusal } from "../domain/refusal.js";
import { PositionsAsker } from "../erp/drift/positions-asker.js";
import { type DataFolderLock, lockDataFolder } from "../journal/data-folder-lock.js";
import { systemDisk } from "../journal/system-disk.js";
import { SnapshotDamaged } from "../snapshots/page-store.js";
import { collectGarbage } from "./collect-garbage.js";
import { watchFreeSpace } from "./free-space.js";
import type { ImagePolicy } from "./images/image-keeper.js";
import type { ImageWork } from "./images/image-work.js";
import { takeBackup } from "./images/take-backup.js";
import type { Log } from "./log.js";
import { type OpenLog, openLogFolder } from "./log-folder.js";
import type { LogNodeSettings } from "./log-node.js";

export interface HostOptions {
  readonly dataFolder: string;
  readonly segmentBytes: number;
  readonly freeBytesMin: number;
  readonly settings: LogNodeSettings;
  readonly images: ImagePolicy;
  readonly imageWork: ImageWork;
  readonly log: Log;
  readonly telemetry?: EngineTelemetry | undefined;
  /** The data cannot be served any more: say so and end the process. */
  readonly onFatal: (cause: unknown) => void;
}

/** What there is to read of the engine at a moment, for measures. */
export interface HostReading {
  readonly inboxDepth: number;
  readonly residentItems: number;
  readonly overlayPages: number;
  readonly answersKept: number;
  readonly checkpointBehind: number;
}

/** Figures for the line at a clean stop. */
export interface HostFigures {
  readonly records: number;
  readonly reservations: number;
  readonly levelPuts: number;
}

export class Host {
  readonly ports: ServicePorts;
  readonly #options: HostOptions;
  readonly #lock: DataFolderLock;
  #open: OpenLog | undefined;
  #recovering: Promise<void> | undefined;
  readonly #asker = new PositionsAsker();
  #stopping = false;
  #space: { cancel(): void } | undefined;
  /** Of nodes that are gone. */
  #past: HostFigures = { records: 0, reservations: 0, levelPuts: 0 };
  #reservationsAtStart = 0;

  private constructor(options: HostOptions, lock: DataFolderLock) {
    this.#options = options;
    this.#lock = lock;
    this.ports = this.#delegate();
  }

  /** Recovery is done when this resolves. */
  static async open(options: HostOptions): Promise<Host> {
    await mkdir(options.dataFolder, { recursive: true });
    const lock = await lockDataFolder(options.dataFolder);
    const host = new Host(options, lock);
    try {
      await host.#openLog({ afterFailure: false, rebuild: false });
    } catch (cause) {
      await lock.release();
      throw cause;
    }
    return host;
  }

  get figures(): HostFigures {
    const store = this.#open?.node.store;
    let made = -this.#reservationsAtStart;
    for (const partition of store?.partitions.values() ?? []) made += partition.reservations.count;
    return {
      records: this.#past.records + (this.#open?.node.engine.records ?? 0),
      reservations: this.#past.reservations + (store === undefined ? 0 : made),
      levelPuts: this.#past.levelPuts + (store?.space.puts ?? 0),
    };
  }

  /** Undefined while it recovers. */
  get reading(): HostReading | undefined {
    if (this.#open === undefined) return undefined;
    const { node, journal } = this.#open;
    const { store } = node;
    return {
      inboxDepth: node.engine.inboxDepth,
      residentItems: store.residentItems,
      overlayPages: store.dirtyPages,
      answersKept: store.answersKept,
      checkpointBehind: (journal.head?.block ?? 0) - (store.checkpointPosition?.block ?? 0),
    };
  }

  /** Finishes what was taken, checkpoints, and lets go of the folder. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#recovering?.catch(() => {});
    this.#space?.cancel();
    await this.#open?.node.engine.stop();
    await this.#open?.close();
    await this.#lock.release();
  }

  async #openLog(after: { readonly afterFailure: boolean; readonly rebuild: boolean }): Promise<void> {
    const { log } = this.#options;
    const started = process.hrtime.bigint();
    const opened = await openLogFolder({
      ...this.#options,
      folder: join(this.#options.dataFolder, "logs", "0"),
      ...after,
      asker: this.#asker,
      observer: {
        failed: (cause) => this.#failed(cause),
        decisionFailed: (cause) => log.error({ err: cause }, "a command failed and changed nothing"),
        checkpointed: (position) => log.info({ block: position.block }, "checkpoint written"),
      },
    });
    this.#open = opened;
    if (opened.node.report.replayedRecords > 0) collectGarbage();
    this.#reservationsAtStart = 0;
    for (const partition of opened.node.store.partitions.values()) {
      this.#reservationsAtStart += partition.reservations.count;
    }
    const durationMs = Number((process.hrtime.bigint() - started) / 1_000_000n);
    log.info({ ...opened.node.report, durationMs }, "recovery done");
    this.#space = watchFreeSpace(opened, this.#options.freeBytesMin, log);
  }

  async #backUp(directory: string): Promise<Backup | Refusal | undefined> {
    const opened = this.#open;
    if (opened === undefined || this.#stopping) return undefined;
    const { dataFolder, freeBytesMin, log } = this.#options;
    const { journal, images } = opened;
    const options = { disk: systemDisk, dataFolder, journal, images, freeBytesMin };
    const answer = await takeBackup(options, directory).catch((cause) => {
      // It was broken off with the log that it was made of.
      if (this.#open !== opened || this.#stopping) return undefined;
      throw cause;
    });
    if (answer === undefined) return undefined;
    if ("block" in answer) log.info({ directory, ...answer }, "backup made");
    else log.warn({ directory, reason: answer.reason, why: answer.message }, "no backup was made");
    return answer;
  }

  #failed(cause: unknown): void {
    const { log } = this.#options;
    log.error({ err: cause }, "the engine stopped; whoever waited was told that the outcome is unknown");
    if (this.#stopping || this.#recovering !== undefined) return;
    this.#recovering = this.#recover(cause).then(
      () => {
        this.#recovering = undefined;
        log.info({}, "serving again");
      },
      (again) => {
        log.error({ err: again }, "recovery failed");
        this.#options.onFatal(again);
      },
    );
  }

  /** Working state is dropped; what is durable decides what happened. */
  async #recover(cause: unknown): Promise<void> {
    const failed = this.#open;
    this.#past = this.figures;
    this.#open = undefined;
    this.#space?.cancel();
    await failed?.close().catch(() => {});
    await this.#openLog({ afterFailure: true, rebuild: cause instanceof SnapshotDamaged });
  }

  #delegate(): ServicePorts {
    const refused = (): Refusal => (this.#stopping ? shuttingDown() : journalUnavailable());
    const current = () => this.#open?.node.ports;
    return {
      commands: {
        submit: (command, render, settle, probe) => {
          const ports = current();
          if (ports === undefined) settle({ kind: "refused", refusal: refused() });
          else ports.commands.submit(command, render, settle, probe);
        },
      },
      ingest: {
        offer: (event, settle, probe) => {
          const ports = current();
          if (ports === undefined) settle({ kind: "refused", refusal: refused() });
          else ports.ingest.offer(event, settle, probe);
        },
        heartbeat: (heartbeat, settle) => {
          const ports = current();
          if (ports === undefined) settle({ kind: "refused", refusal: refused() });
          else ports.ingest.heartbeat(heartbeat, settle);
        },
        sourceStatus: (source, settle) => {
          const ports = current();
          if (ports === undefined) settle({ kind: "refused", refusal: refused() });
          else ports.ingest.sourceStatus(source, settle);
        },
      },
      availability: { read: (query) => current()?.availability.read(query) ?? refused() },
      watches: { watch: (query, listener) => current()?.watches.watch(query, listener) ?? refused() },
      dealers: {
        get: (dealerId) => current()?.dealers.get(dealerId) ?? refused(),
        list: (query) => current()?.dealers.list(query) ?? refused(),
      },
      orders: { watch: async (query) => (await current()?.orders.watch(query)) ?? refused() },
      positions: {
        begin: (run) => current()?.positions.begin(run) ?? refusingRun(refused),
        ask: (source, request) => current()?.positions.ask(source, request) ?? refused(),
        listen: (source, listener) => this.#asker.listen(source, listener),
      },
      backups: { take: async (directory) => (await this.#backUp(directory)) ?? refused() },
    };
  }
}

/** A run of positions while nothing can be compared. */
function refusingRun(refused: () => Refusal): PositionRunPort {
  return {
    compare: (_, settle) => settle({ kind: "refused", refusal: refused() }),
    finish: (settle) => settle({ kind: "refused", refusal: refused() }),
    abandon: () => {},
  };
}
