/**
 * Installs Debian packages that a test needs, where it may: as root, with apt-get. Nothing of it waits for a person or for ever.
 * What takes long, and may be ended at any moment, is the download; what is unpacked after it is already there.
 */
import { spawn } from "node:child_process";

export interface InstallOptions {
  readonly aptGet?: string;
  readonly isRoot?: boolean;
  /** How long one call of apt-get may take. */
  readonly timeoutMs?: number;
}

const OPTIONS = [
  ...["-y", "-q", "--no-install-recommends"],
  ...["-o", "DPkg::Lock::Timeout=60", "-o", "Dpkg::Options::=--force-confold"],
  ...["-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20"],
];
const TIMEOUT_MS = 180_000;
/** How long apt-get may take to end in order after it was asked to. */
const END_MS = 5_000;

/** Undefined once they are there; else why they are not, for a person. Its lists of packages are fetched only when they are too old. */
export async function installDebianPackages(
  names: readonly string[],
  { aptGet = "apt-get", isRoot = process.getuid?.() === 0, timeoutMs = TIMEOUT_MS }: InstallOptions = {},
): Promise<string | undefined> {
  if (!isRoot) return "only root may install packages";
  const run = (...args: string[]) => runBounded(aptGet, [...OPTIONS, ...args], timeoutMs);
  const download = () => run("--download-only", "install", ...names);
  let failure = await download();
  if (failure !== undefined) failure = (await run("update")) ?? (await download());
  return failure ?? (await run("install", ...names));
}

/** Why it failed, or undefined. A program that takes too long is ended with all that it started. */
async function runBounded(program: string, args: readonly string[], timeoutMs: number): Promise<string | undefined> {
  const child = spawn(program, args, {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let said = "";
  for (const output of [child.stdout, child.stderr]) {
    output.on("data", (text) => {
      said = (said + text).slice(-4_000);
    });
  }
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(-child.pid!, name);
    } catch {
      // It has ended in the meantime.
    }
  };
  let isLate = false;
  const timers = [
    setTimeout(() => {
      isLate = true;
      signal("SIGTERM");
    }, timeoutMs),
    setTimeout(() => signal("SIGKILL"), timeoutMs + END_MS),
  ];
  const command = `${program} ${args.find((arg) => arg === "update" || arg === "install")}`;
  return new Promise((resolve) => {
    child.once("error", ({ message }) => resolve(message));
    child.once("close", (code) => {
      if (isLate) resolve(`${command} took longer than ${timeoutMs / 1_000} s`);
      else resolve(code === 0 ? undefined : `${command} ended with ${code}: ${lastError(said)}`);
    });
  }).finally(() => timers.forEach(clearTimeout)) as Promise<string | undefined>;
}

function lastError(said: string): string {
  const lines = said.trim().split("\n");
  return (lines.findLast((line) => line.startsWith("E: ")) ?? lines.at(-1) ?? "").trim();
}
