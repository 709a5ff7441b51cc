/**
 * A connector between an ERP in memory and a scripted Holdfast, whose process can be made to die at any step that matters. What a
 * store had saved outlives it; time passes as fast as it is slept.
 */
import { afterEach } from "vitest";
import { EventPusher } from "../../src/client/event-pusher.js";
import { HoldfastClient } from "../../src/client/index.js";
import { type RetryEnvironment, SYSTEM_RETRY_ENVIRONMENT } from "../../src/client/retry.js";
import { Connector, type ConnectorParts } from "../../src/connector/connector.js";
import type { StoredFeed } from "../../src/connector/feed-state.js";
import type { StoredOrders } from "../../src/connector/order-delivery.js";
import type { StateStore } from "../../src/connector/state-file.js";
import { ScriptedIngest } from "../client/scripted-ingest.js";
import { type Script, startScriptedServer } from "../client/scripted-server.js";
import { FakeErp } from "./fake-erp.js";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

export interface RunningConnector {
  /** Settles with the connector's end. */
  readonly ended: Promise<void>;
  /** The process is gone: nothing of it has an effect any more. */
  kill(): Promise<void>;
  /** As by a signal. */
  stop(): Promise<void>;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class ConnectorWorld {
  readonly erp = new FakeErp();
  readonly ingest = new ScriptedIngest();
  readonly log: LogLine[] = [];
  /** What is durable on the connector's side. */
  storedFeed: StoredFeed | undefined;
  storedOrders: StoredOrders | undefined;
  /** Called before and after each thing that lasts; a test makes the process die there. */
  onStep: (step: string) => void = () => {};
  readonly environment = new SleptTime();
  #client!: HoldfastClient;
  #running: { isDead: boolean; stop: AbortController } | undefined;

  static async start(script: Script = {}): Promise<ConnectorWorld> {
    const world = new ConnectorWorld();
    const server = await startScriptedServer({ ...world.ingest.script, ...script });
    world.#client = new HoldfastClient(server.address);
    stops.push(
      () => server.stop(),
      () => world.#client.close(),
    );
    return world;
  }

  connect(options: Partial<ConnectorParts> = {}): RunningConnector {
    const run = { isDead: false, stop: new AbortController() };
    this.#running = run;
    const connector = new Connector({
      source: "erp",
      client: {
        pushEvents: (pushing) => new EventPusher(this.#client, { ...pushing, ...FAST }, SYSTEM_RETRY_ENVIRONMENT),
        watchOrders: (watching) => this.#client.watchOrders({ ...watching, backoff: FAST.backoff }),
        reportPositions: (report, call) => this.#client.reportPositions(report, call),
      },
      adapter: this.erp,
      feedStore: this.#store(run, "feed"),
      orderStore: this.#store(run, "orders"),
      pace: { fastestMs: 100, slowestMs: 1_000 },
      eventsMax: 3,
      heartbeatMs: 3_600_000,
      orders: false,
      takeOver: false,
      environment: this.environment,
      log: this.#recorder(),
      ...options,
    });
    const ended = connector.run(run.stop.signal);
    ended.catch(() => {});
    const stop = async () => {
      run.stop.abort();
      await ended.catch(() => {});
    };
    stops.push(stop);
    return {
      ended,
      stop,
      kill: async () => {
        run.isDead = true;
        await stop();
      },
    };
  }

  /** The connector's process dies here and now. */
  die(): never {
    if (this.#running !== undefined) {
      this.#running.isDead = true;
      this.#running.stop.abort();
    }
    throw new Error("the process died");
  }

  #store<Key extends "feed" | "orders">(run: { isDead: boolean }, key: Key) {
    type Stored = Key extends "feed" ? StoredFeed : StoredOrders;
    const slot = key === "feed" ? "storedFeed" : "storedOrders";
    const world = this as unknown as Record<string, Stored | undefined>;
    const store: StateStore<Stored> = {
      load: async () => structuredClone(world[slot]),
      save: async (value) => {
        if (run.isDead) throw new Error("dead");
        this.onStep(`${key} before it is kept`);
        world[slot] = structuredClone(value);
        this.onStep(`${key} after it is kept`);
      },
    };
    return store;
  }

  #recorder() {
    const at = (level: string) => (fields: object, message: string) => {
      this.log.push({ level, message, fields: fields as LogLine["fields"] });
    };
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }
}

/** Waits until something is so, without a clock: it lets the others go on in between. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

class SleptTime implements RetryEnvironment {
  readonly sleptMs: number[] = [];
  #nowMs = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  async sleep(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    this.sleptMs.push(delayMs);
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    this.#nowMs += delayMs;
  }

  random(): number {
    return 0;
  }
}

const FAST = { backoff: { backoffMinMs: 1, backoffMaxMs: 2 } };
