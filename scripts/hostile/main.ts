/**
 * Entry point of `npm run hostile`: one attack after the other on a server of its own, beside a caller that behaves. It fails when that
 * caller is not served rightly, when the server ends, or when its memory is not bounded. Latencies are told, not judged: they are the
 * machine's too.
 */

import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import CliTable from "cli-table3";
import { HoldfastClient } from "../../src/client/index.js";
import { DataFolders } from "../bench/data-folders.js";
import { ServerProcess } from "../bench/server-process.js";
import type { Attack, Target } from "./attack.js";
import { callAttacks } from "./call-attacks.js";
import { connectionAttacks } from "./connection-attacks.js";
import { GoodCaller } from "./good-caller.js";

const USAGE = `Attacks a server of its own on loopback, and tells what became of a caller that behaves.

  npm run hostile                      everything: ten minutes or more
  npm run hostile -- --quick           a tenth of it

  --json              one JSON object on standard output, progress on standard error
  --only A,B          only these attacks, by their names
  --help              this text, and the names
`;

/** What the service may take at its limits; it is refused work and connections beyond them. */
const RSS_MAX_MB = 1_200;
const REST_MS = 1_000;
const PLENTY = 90_000_000n;

interface Finding {
  readonly name: string;
  readonly p99_ms: number;
  readonly p99_ratio: number;
  readonly calls: number;
  readonly failed_calls: number;
  readonly rss_peak_mb: number;
  readonly rss_after_mb: number;
  readonly offender: string;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
    only: { type: "string" },
    // How this program starts an attacker in a process of its own.
    attack: { type: "string" },
    target: { type: "string" },
  },
});
const all = [...connectionAttacks, ...callAttacks];
const names = all.map(({ name }) => name);
const wanted = values.only?.split(",") ?? names;
const unknown = wanted.filter((name) => !names.includes(name));

if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`no such attack: ${unknown.join(", ")}`);
  console.log(`${USAGE}\nAttacks: ${names.join(", ")}`);
  process.exit(unknown.length > 0 ? 1 : 0);
}
if (values.attack !== undefined) {
  const attack = all.find(({ name }) => name === values.attack)!;
  process.send!(await attack.run(JSON.parse(values.target!) as Target));
  process.exit(0);
}
const passed = await new DataFolders(undefined).use(attackAll);
process.exit(passed ? 0 : 1);

async function attackAll(dataFolder: string): Promise<boolean> {
  const httpPort = await freePort();
  const environment = { HOLDFAST_HTTP_LISTEN: `127.0.0.1:${httpPort}` };
  const server = await ServerProcess.start({ kind: "holdfast", dataFolder, environment });
  const target: Target = {
    host: "127.0.0.1",
    port: server.port,
    httpPort,
    durationMs: values.quick ? 2_000 : 20_000,
    scale: values.quick ? 0.1 : 1,
  };
  const good = new GoodCaller(await stocked(server));
  try {
    await sleep(target.durationMs / 2);
    good.look();
    await sleep(target.durationMs);
    const usual = good.look();
    tell(`usual p99 ${usual.p99Ms.toFixed(1)} ms`);
    const findings: Finding[] = [];
    for (const attack of all) {
      if (wanted.includes(attack.name)) findings.push(await withstand(attack, { target, server, good, usual }));
    }
    await good.stop();
    await server.stop();
    const isPassed = findings.every(({ failed_calls, rss_peak_mb }) => failed_calls === 0 && rss_peak_mb <= RSS_MAX_MB);
    print(usual.p99Ms, findings, isPassed);
    return isPassed;
  } catch (failure) {
    throw server.explain(failure);
  } finally {
    await server.kill();
  }
}

interface Beside {
  readonly target: Target;
  readonly server: ServerProcess;
  readonly good: GoodCaller;
  readonly usual: { readonly p99Ms: number };
}

async function withstand(attack: Attack, { target, server, good, usual }: Beside): Promise<Finding> {
  tell(`${attack.name} ...`);
  let peakMb = 0;
  const watching = setInterval(() => {
    peakMb = Math.max(peakMb, residentMb(server.pid));
  }, 50);
  const offender = await apart(attack, target).finally(() => clearInterval(watching));
  await sleep(REST_MS);
  const seen = good.look();
  for (const failure of new Set(seen.failures)) tell(`  a call that was in order failed: ${failure}`);
  return {
    name: attack.name,
    p99_ms: rounded(seen.p99Ms),
    p99_ratio: rounded(seen.p99Ms / usual.p99Ms),
    calls: seen.calls,
    failed_calls: seen.failures.length,
    rss_peak_mb: Math.round(peakMb),
    rss_after_mb: Math.round(residentMb(server.pid)),
    offender,
  };
}

/** Attacks from another process, so that the caller who behaves waits for the server alone; what became of the attacker. */
async function apart({ name }: Attack, target: Target): Promise<string> {
  const attacker = fork(fileURLToPath(import.meta.url), ["--attack", name, "--target", JSON.stringify(target)]);
  const killWithParent = () => attacker.kill("SIGKILL");
  process.once("exit", killWithParent);
  const [answer] = await Promise.race([once(attacker, "message"), once(attacker, "exit").then(() => [undefined])]);
  process.off("exit", killWithParent);
  if (typeof answer !== "string") throw new Error(`the attacker "${name}" ended by itself`);
  return answer;
}

/** Puts plenty of one SKU there; the server's address. */
async function stocked(server: ServerProcess): Promise<string> {
  const address = `127.0.0.1:${server.port}`;
  const client = new HoldfastClient(address);
  const value = { warehouseId: "W", sku: "plenty", onHand: PLENTY };
  const counted = { source: "erp", sequence: 1n, eventId: "e-1", body: { case: "stockCounted", value } as const };
  for await (const { reason } of client.streamEvents([counted])) if (reason !== "") throw new Error(reason);
  client.close();
  return address;
}

function print(usualMs: number, findings: readonly Finding[], isPassed: boolean): void {
  if (values.json) {
    console.log(JSON.stringify({ usual_p99_ms: rounded(usualMs), attacks: findings, passed: isPassed }));
    return;
  }
  const head = [
    "attack",
    "p99 ms",
    "to usual",
    "calls",
    "failed",
    "peak MB",
    "after MB",
    "what became of the attacker",
  ];
  const table = new CliTable({ head, style: { head: [], border: [] } });
  for (const found of findings) table.push(Object.values(found));
  console.log(table.toString());
  console.log(isPassed ? "withstood" : `NOT withstood: a call failed, or more than ${RSS_MAX_MB} MB were taken`);
}

function residentMb(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
  return Number(kilobytes) / 1_024;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
