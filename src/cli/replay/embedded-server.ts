/**
 * A server of the replay's own: this very command line's `serve`, as a child process, on a free port and a temporary
 * folder that goes with it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const START_TIMEOUT_MS = 60_000;
/** A clean stop takes at most 10 s; what takes longer hangs. */
const STOP_TIMEOUT_MS = 20_000;
const LINES_KEPT = 20;

export interface EmbeddedServer {
  readonly address: string;
  /** The newest lines of its log. */
  readonly lastLines: readonly string[];
  /** Stops it and removes its folder. Throws when it did not end cleanly. */
  stop(): Promise<void>;
}

/** Starts it, and returns once it serves. Throws with its last words when it does not. */
export async function startEmbeddedServer(
  program: string = fileURLToPath(new URL("../main.js", import.meta.url)),
): Promise<EmbeddedServer> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-replay-"));
  const child = spawn(process.execPath, [program, "serve", "--listen", "127.0.0.1:0", "--data", folder], {
    stdio: ["ignore", "pipe", "pipe"],
    // Settings of a real server must not reach this one.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("HOLDFAST_"))),
  });
  const killWithParent = (): void => {
    child.kill("SIGKILL");
  };
  process.once("exit", killWithParent);
  const clear = async (): Promise<void> => {
    process.removeListener("exit", killWithParent);
    await rm(folder, { recursive: true, force: true });
  };
  const lastLines: string[] = [];
  try {
    const address = await addressOf(child, lastLines);
    return {
      address,
      lastLines,
      stop: async () => {
        await stop(child);
        await clear();
        if (child.exitCode !== 0) throw new Error(`the embedded server ended with ${endOf(child)}`);
      },
    };
  } catch (error) {
    child.kill("SIGKILL");
    await clear();
    throw error;
  }
}

/** From the log line `{"msg": "serving", "listen": "HOST:PORT"}`. The output is read to the end, or the child would block. */
function addressOf(child: ChildProcess, lastLines: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => reject(new Error([`the embedded server ${what}`, ...lastLines].join("\n  ")));
    const timer = setTimeout(() => fail("did not start in time"), START_TIMEOUT_MS);
    const keep = (line: string): void => {
      lastLines.push(line);
      if (lastLines.length > LINES_KEPT) lastLines.shift();
    };
    for (const output of [child.stdout, child.stderr]) {
      if (output === null) continue;
      createInterface({ input: output }).on("line", (line) => {
        keep(line);
        const address = servingAddress(line);
        if (address === undefined) return;
        clearTimeout(timer);
        resolve(address);
      });
    }
    child.once("error", (error) => fail(error.message));
    child.once("exit", () => {
      clearTimeout(timer);
      fail(`ended at once with ${endOf(child)}`);
    });
  });
}

function servingAddress(line: string): string | undefined {
  try {
    const { msg, listen } = JSON.parse(line) as { msg?: unknown; listen?: unknown };
    return msg === "serving" && typeof listen === "string" ? listen : undefined;
  } catch {
    return undefined;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await exit;
  clearTimeout(timer);
}

function endOf(child: ChildProcess): string {
  return child.signalCode ?? `exit code ${child.exitCode}`;
}
