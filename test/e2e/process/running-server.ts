/** `holdfast serve` as a process of its own on a folder, as pretest built it. What a failed test leaves running is killed at its file's end. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll } from "vitest";

const MAIN = new URL("../../../dist/cli/main.js", import.meta.url).pathname;
/** Lines of the log that are kept for a test to look at. */
const LINES_KEPT = 1_000;

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
});

type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

export class RunningServer {
  readonly listen: string;
  /** Where Connect, gRPC-Web and JSON are served. */
  readonly http: string;
  readonly #child: ChildProcess;
  readonly #lines: readonly LogLine[];

  private constructor(child: ChildProcess, serving: LogLine, lines: readonly LogLine[]) {
    this.#child = child;
    this.listen = String(serving.listen);
    this.http = String(serving.http);
    this.#lines = lines;
  }

  /** Resolves when the port is open, a free one unless it is named. Rejects with what the process said when it ends instead. */
  static async start(
    dataFolder: string,
    settings: NodeJS.ProcessEnv = {},
    listen = "127.0.0.1:0",
  ): Promise<RunningServer> {
    const child = spawnHoldfast(["serve", "--listen", listen, "--data", dataFolder], settings);
    let said = "";
    child.stderr!.on("data", (text) => {
      said += text;
    });
    const lines: LogLine[] = [];
    return new Promise((resolve, reject) => {
      createInterface(child.stdout!).on("line", (text) => {
        const line = JSON.parse(text) as LogLine;
        if (lines.length < LINES_KEPT) lines.push(line);
        if (line.msg === "serving") resolve(new RunningServer(child, line, lines));
      });
      child.once("close", () => reject(new Error(`the server ended before it served: ${said}`)));
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The first line of the log with this message. */
  logged(message: string): LogLine | undefined {
    return this.#lines.find(({ msg }) => msg === message);
  }

  /** Every line of the log with this message, in order. */
  everyLogged(message: string): readonly LogLine[] {
    return this.#lines.filter(({ msg }) => msg === message);
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

/** What a command came to; a server that served after all was killed, and has no code. */
export interface Ended {
  readonly code: number | null;
  readonly said: string;
}

/** Runs `holdfast serve` on a free port, unless the flags name one, for a start that must be refused: its exit code, and all it said. */
export function runServe(flags: readonly string[], settings: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return runToEnd(["serve", "--listen", "127.0.0.1:0", ...flags], settings);
}

/** Runs `holdfast verify --json` on a folder. */
export function runVerify(dataFolder: string): Promise<Ended> {
  return runToEnd(["verify", "--json", "--data", dataFolder], {});
}

async function runToEnd(args: readonly string[], settings: NodeJS.ProcessEnv): Promise<Ended> {
  const child = spawnHoldfast(args, settings);
  let said = "";
  for (const output of [child.stdout!, child.stderr!]) {
    output.on("data", (text) => {
      said += text;
      if (said.includes('"msg":"serving"')) child.kill("SIGKILL");
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  return { code, said };
}

/** What the shell has set for tests, or for a server of its own, is not this server's. */
function spawnHoldfast(args: readonly string[], settings: NodeJS.ProcessEnv): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("HOLDFAST_"));
  const env = { ...Object.fromEntries(inherited), ...settings };
  const child = spawn(process.execPath, [MAIN, ...args], { env });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}
