/** A process of the demonstration: started, listened to line by line, and ended by its id, also when the demonstration dies. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
const ERROR_TAIL = 4_000;

export class Child {
  readonly #child: ChildProcess;
  readonly #waiting: { readonly matches: (line: string) => boolean; readonly found: (line: string) => void }[] = [];
  #errors = "";

  /** Runs node with these arguments in the repository. */
  constructor(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(process.execPath, [...args], {
      cwd: REPOSITORY,
      env: { ...withoutSettings(), ...environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const endWithParent = () => this.#child.kill("SIGKILL");
    process.once("exit", endWithParent);
    this.#child.once("exit", () => process.off("exit", endWithParent));
    // What is said to a process that has just ended is lost; that it ended is found out by whoever waits for its answer.
    this.#child.stdin!.on("error", () => {});
    this.#child.stderr!.on("data", (text) => {
      this.#errors = (this.#errors + text).slice(-ERROR_TAIL);
    });
    createInterface(this.#child.stdout!).on("line", (line) => this.#heard(line));
  }

  /** The next line on its standard output that matches. Rejects with its errors when the process ends before. */
  line(matches: (line: string) => boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error(`a process of the demonstration ended: ${this.#errors}`));
      if (this.#child.exitCode !== null) return ended();
      this.#child.once("exit", ended);
      const found = (line: string) => {
        this.#child.off("exit", ended);
        resolve(line);
      };
      this.#waiting.push({ matches, found });
    });
  }

  say(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  async end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill(signal);
    await exited;
  }

  #heard(line: string): void {
    const index = this.#waiting.findIndex(({ matches }) => matches(line));
    if (index === -1) return;
    const [waiting] = this.#waiting.splice(index, 1);
    waiting!.found(line);
  }
}

/** The demonstration shows what ships, not what this terminal's environment says. */
function withoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("HOLDFAST_")));
}
