/** A server under test, as a child process: Holdfast or the echo server, started, read and stopped in the same way. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Connection } from "./load/connection.js";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const LINES_KEPT = 40;

export type ServerKind = "echo" | "holdfast" | "peer" | "writer";

export interface ServerOptions {
  readonly kind: ServerKind;
  /** Where Holdfast keeps its data; the echo server keeps none. */
  readonly dataFolder: string;
  /** Options of node itself. */
  readonly nodeOptions?: readonly string[];
  /** Added to the environment: a peer's front end is told its store by it. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Start-up that takes longer is a failure. */
  readonly readyTimeoutMs?: number;
}

/** What the server says of itself as it stops. */
export interface StoppedLine {
  readonly levelPuts: number;
  readonly reservations: number;
}

export class ServerProcess {
  readonly pid: number;
  readonly port: number;
  /** From the start of the process to its word that it serves. */
  readonly readyMs: number;
  readonly #child: ChildProcess;
  readonly #output: OutputReader;
  readonly #connections: Connection[] = [];

  private constructor(child: ChildProcess, output: OutputReader, ready: { port: number; ms: number }) {
    this.#child = child;
    this.#output = output;
    this.pid = child.pid!;
    this.port = ready.port;
    this.readyMs = ready.ms;
  }

  /** Starts a server and waits until it serves. */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    const startedAtMs = performance.now();
    const child = spawn(process.execPath, [...(options.nodeOptions ?? []), ...commandOf(options)], {
      cwd: REPOSITORY,
      env: { ...environmentWithoutSettings(), ...options.environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    // A benchmark that dies must not leave a server behind.
    const killWithParent = () => child.kill("SIGKILL");
    process.once("exit", killWithParent);
    child.once("exit", () => process.off("exit", killWithParent));
    const output = new OutputReader(child);
    const timeoutMs = options.readyTimeoutMs ?? 60_000;
    const timeout = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    const port = await output.port.finally(() => clearTimeout(timeout));
    return new ServerProcess(child, output, { port, ms: performance.now() - startedAtMs });
  }

  /** Opens connections to it, which are closed before it is stopped. */
  async connect(count: number): Promise<readonly Connection[]> {
    const opened = await Promise.all(Array.from({ length: count }, () => Connection.open(this.port)));
    this.#connections.push(...opened);
    return opened;
  }

  /** A failure while this server was at work, with what it said last. */
  explain(failure: unknown): Error {
    return new Error(`a measurement failed; the server's last lines were\n${this.#output.text()}`, { cause: failure });
  }

  /** Asks the server to stop, and waits until it is gone. */
  async stop(): Promise<StoppedLine> {
    for (const connection of this.#connections) connection.close();
    this.#child.kill("SIGTERM");
    const code = await this.#exited();
    const line = this.#output.find("stopped");
    if (code !== 0 || line === undefined) throw new Error(`the server did not stop cleanly\n${this.#output.text()}`);
    return { levelPuts: readNumber(line, "levelPuts"), reservations: readNumber(line, "reservations") };
  }

  /** Ends the server as a power cut would, as far as a process can. */
  async kill(): Promise<void> {
    for (const connection of this.#connections) connection.close();
    this.#child.kill("SIGKILL");
    await this.#exited();
  }

  async #exited(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "close");
    return this.#child.exitCode;
  }
}

/** Reads the JSON lines of a child. */
class OutputReader {
  /** The port that the server says it serves on; rejected when it ends before. */
  readonly port: Promise<number>;
  readonly #lines: string[] = [];

  constructor(child: ChildProcess) {
    this.port = new Promise((resolve, reject) => {
      const onLine = (line: string) => {
        this.#lines.push(line);
        if (this.#lines.length > LINES_KEPT) this.#lines.shift();
        const parsed = parseLine(line);
        if (parsed?.msg === "serving") resolve(Number(String(parsed.listen).split(":").at(-1)));
      };
      createInterface({ input: child.stdout! }).on("line", onLine);
      createInterface({ input: child.stderr! }).on("line", onLine);
      child.once("error", reject);
      child.once("close", () => reject(new Error(`the server ended before it served\n${this.text()}`)));
    });
  }

  find(message: string): LogLine | undefined {
    return this.#lines.map(parseLine).findLast((line) => line?.msg === message);
  }

  text(): string {
    return this.#lines.join("\n");
  }
}

/** What the benchmark reads of a log line. */
interface LogLine extends Partial<Record<keyof StoppedLine, unknown>> {
  readonly msg?: unknown;
  readonly listen?: unknown;
}

function parseLine(line: string): LogLine | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}

function readNumber(line: LogLine, key: keyof StoppedLine): number {
  const value = line[key];
  if (typeof value !== "number") throw new Error(`the line at stop has no number ${key}: ${JSON.stringify(line)}`);
  return value;
}

function commandOf({ kind, dataFolder }: ServerOptions): string[] {
  if (kind === "echo") return ["--import", "tsx", "scripts/bench/echo/echo-server.ts"];
  if (kind === "writer") return ["--import", "tsx", "scripts/bench/watch/write-server.ts"];
  if (kind === "peer") return ["--import", "tsx", "scripts/bench/peers/front/peer-server.ts"];
  if (!existsSync(`${REPOSITORY}/dist/cli/main.js`)) throw new Error("dist/ is not built: run `npm run build` first");
  return ["dist/cli/main.js", "serve", "--listen", "127.0.0.1:0", "--data", dataFolder];
}

/** The defaults are what is measured, whatever the shell has set. */
function environmentWithoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("HOLDFAST_")));
}
