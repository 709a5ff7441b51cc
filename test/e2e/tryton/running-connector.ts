/** `holdfast connect` as a process of its own, as pretest built it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll } from "vitest";

const MAIN = new URL("../../../dist/cli/main.js", import.meta.url).pathname;

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
});

export class RunningConnector {
  readonly #child: ChildProcess;
  /** Everything that it wrote. */
  said = "";

  constructor(configFile: string, env: NodeJS.ProcessEnv, ...flags: string[]) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("HOLDFAST_"));
    this.#child = spawn(process.execPath, [MAIN, "connect", "--config", configFile, ...flags], {
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      output?.on("data", (text) => {
        this.said += text;
      });
    }
    running.add(this.#child);
    this.#child.once("exit", () => running.delete(this.#child));
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves with the exit code, null after a kill. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    if (!this.isRunning) return this.#child.exitCode;
    const exited = once(this.#child, "exit");
    this.#child.kill(signal);
    return (await exited)[0] as number | null;
  }
}
