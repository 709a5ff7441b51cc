/** A process of watchers, as the benchmark sees it. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Ask, FiguresSent, Told, WatchersOptions } from "./watchers-protocol.js";

const ENTRY = fileURLToPath(new URL("watchers-process.ts", import.meta.url));
/** Whoever is not exact by then never will be. */
const EXACT_WITHIN_MS = 20_000;

export class Watchers {
  readonly count: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, count: number) {
    this.#child = child;
    this.count = count;
  }

  static async start(options: WatchersOptions): Promise<Watchers> {
    const child = fork(ENTRY, { execArgv: ["--import", "tsx"], serialization: "advanced" });
    const killWithParent = () => child.kill("SIGKILL");
    process.once("exit", killWithParent);
    child.once("exit", () => process.off("exit", killWithParent));
    const watchers = new Watchers(child, options.dealerIds.length);
    await watchers.#ask({ kind: "options", options });
    return watchers;
  }

  /** Connects them; they go on from their cursors. */
  async open(): Promise<void> {
    await this.#ask({ kind: "open" });
  }

  async close(): Promise<void> {
    await this.#ask({ kind: "close" });
  }

  async begin(): Promise<void> {
    await this.#ask({ kind: "begin" });
  }

  async counted(): Promise<Told> {
    return (await this.#ask({ kind: "counted" })) as Told;
  }

  /** Waits until each knows exactly this of its warehouse. */
  async untilExact(figures: readonly FiguresSent[]): Promise<void> {
    await this.#ask({ kind: "untilExact", figures }, EXACT_WITHIN_MS);
  }

  stop(): void {
    this.#child.disconnect();
  }

  async #ask(ask: Ask, withinMs = 60_000): Promise<unknown> {
    const abort = new AbortController();
    const late = setTimeout(
      () => abort.abort(new Error(`watchers did not "${ask.kind}" within ${withinMs} ms`)),
      withinMs,
    );
    const exited = once(this.#child, "exit", abort).then(() => {
      throw new Error("the process of the watchers ended; what it said last stands above");
    });
    const answered = once(this.#child, "message", abort).then(([answer]) => answer as unknown);
    try {
      this.#child.send(ask);
      return await Promise.race([answered, exited]);
    } finally {
      clearTimeout(late);
      abort.abort();
      await Promise.allSettled([answered, exited]);
    }
  }
}
