/** `holdfast serve` as a process of its own on a folder, as pretest built it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const MAIN = new URL("../../../dist/cli/main.js", import.meta.url).pathname;

export class RunningServer {
  readonly listen: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, listen: string) {
    this.#child = child;
    this.listen = listen;
  }

  /** Resolves when the port is open. Rejects with what the process said when it ends instead. */
  static async start(dataFolder: string, settings: NodeJS.ProcessEnv = {}): Promise<RunningServer> {
    const flags = ["serve", "--listen", "127.0.0.1:0", "--data", dataFolder];
    const child = spawn(process.execPath, [MAIN, ...flags], { env: { ...environmentWithoutSettings(), ...settings } });
    let said = "";
    child.stderr.on("data", (text) => {
      said += text;
    });
    for await (const line of createInterface(child.stdout)) {
      const { msg, listen } = JSON.parse(line) as { msg: string; listen: string };
      if (msg === "serving") {
        child.stdout.resume();
        return new RunningServer(child, listen);
      }
    }
    throw new Error(`the server ended before it served: ${said}`);
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(signal);
  }

  /** Sends a signal and waits for the end; resolves with the exit code, null after a kill. It may have ended by itself before. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    if (this.#child.exitCode !== null) return this.#child.exitCode;
    const exited = once(this.#child, "exit");
    this.#child.kill(signal);
    return (await exited)[0] as number | null;
  }
}

/** What the shell has set for tests, or for a server of its own, is not this server's. */
function environmentWithoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("HOLDFAST_")));
}
