/** A private instance of a peer's server: on loopback, with a data folder of its own, ended by its process id. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 50;
const STOP_TIMEOUT_MS = 30_000;
const LINES_KEPT = 40;

/** Where a store is reached, and the secret that keeps others on this machine out. */
export interface StoreAddress {
  readonly port: number;
  readonly password: string;
}

export interface InstanceCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly options: SpawnOptions;
  /** Asks the server to end in order. */
  readonly stopSignal: NodeJS.Signals;
  /** Ends it at once with everything it started, when there is no time to wait. */
  readonly killSignal: NodeJS.Signals;
}

export class StoreInstance {
  readonly pid: number;
  readonly address: StoreAddress;
  readonly #child: ChildProcess;
  readonly #command: InstanceCommand;
  readonly #lastLines: readonly string[];

  private constructor(child: ChildProcess, address: StoreAddress, command: InstanceCommand, lastLines: string[]) {
    this.pid = child.pid!;
    this.address = address;
    this.#child = child;
    this.#command = command;
    this.#lastLines = lastLines;
  }

  /** Starts the server, and returns once `ask` (a first question to it) succeeds. */
  static async start(
    command: InstanceCommand,
    address: StoreAddress,
    ask: (address: StoreAddress) => Promise<void>,
  ): Promise<StoreInstance> {
    const child = spawn(command.program, command.args, { ...command.options, stdio: ["ignore", "pipe", "pipe"] });
    const lastLines = keepLastLines(child);
    const killWithParent = () => child.kill(command.killSignal);
    process.once("exit", killWithParent);
    child.once("exit", () => process.off("exit", killWithParent));
    await once(child, "spawn");
    const instance = new StoreInstance(child, address, command, lastLines);
    try {
      await instance.#untilReady(ask);
    } catch (failure) {
      await instance.stop();
      throw failure;
    }
    return instance;
  }

  /** Ends the server, in order if it does so in time. */
  async stop(): Promise<void> {
    if (this.#isOver) return;
    const closed = once(this.#child, "close");
    this.#child.kill(this.#command.stopSignal);
    const timeout = setTimeout(() => this.#child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await closed.finally(() => clearTimeout(timeout));
  }

  get #isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async #untilReady(ask: (address: StoreAddress) => Promise<void>): Promise<void> {
    const giveUpAtMs = performance.now() + READY_TIMEOUT_MS;
    for (;;) {
      try {
        return await ask(this.address);
      } catch (cause) {
        if (this.#isOver || performance.now() > giveUpAtMs) {
          const told = this.#lastLines.join("\n");
          throw new Error(`${this.#command.program} did not begin to serve; its last lines were\n${told}`, { cause });
        }
        await sleep(READY_POLL_MS);
      }
    }
  }
}

/** A port of loopback that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

function keepLastLines(child: ChildProcess): string[] {
  const lines: string[] = [];
  for (const input of [child.stdout!, child.stderr!]) {
    createInterface({ input }).on("line", (line) => {
      lines.push(line);
      if (lines.length > LINES_KEPT) lines.shift();
    });
  }
  return lines;
}
