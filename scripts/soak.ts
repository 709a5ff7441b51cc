/**
 * Entry point of `npm run soak`: fresh worlds for as long as it is told, on as many cores as there are. It ends at once with 1
 * and the command that replays it when a world finds something.
 */
import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Coverage } from "../test/sim/coverage.js";
import { RunFailed, runWorld } from "../test/sim/run-world.js";

interface Report {
  readonly seed: number;
  readonly decisions?: number;
  readonly counts?: Record<string, number>;
  readonly failure?: string;
}

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    steps: { type: "string", default: "600" },
    seed: { type: "string" },
    workers: { type: "string", default: String(availableParallelism()) },
  },
});
const steps = Number(values.steps);
// Seeds that no other soak has played, unless one is named.
const firstSeed = values.seed === undefined ? Math.floor(Date.now() / 1000) % 1_000_000_000 : Number(values.seed);

if (process.send === undefined) await lead(Number(values.minutes), Number(values.workers));
else {
  process.on("message", (seed: number) => void play(seed));
  // The leader has found something and is gone: nobody wants this world's report.
  process.on("disconnect", () => process.exit());
}

/** One world, in a process of its own that plays one after the other. */
async function play(seed: number): Promise<void> {
  let report: Report;
  try {
    const { decisions, coverage } = await runWorld({ seed, steps });
    report = { seed, decisions, counts: coverage.toJson() };
  } catch (cause) {
    if (!(cause instanceof RunFailed)) throw cause;
    report = { seed, failure: cause.message };
  }
  // The leader may have ended while this world was played: then its report is nobody's, and the process ends.
  process.send?.(report, (failed: Error | null) => {
    if (failed !== null) process.exit();
  });
}

async function lead(minutes: number, workers: number): Promise<void> {
  const coverage = new Coverage();
  const endsAtMs = Date.now() + minutes * 60_000;
  let next = firstSeed;
  let seeds = 0;
  let decisions = 0;
  console.log(`worlds from seed ${firstSeed} on, ${steps} steps each, for ${minutes} minutes on ${workers} cores`);
  const tell = () =>
    console.log(
      `${seeds} seeds, ${seeds * steps} steps, ${decisions} decisions, ${coverage.faults} faults, nothing found`,
    );
  const talking = setInterval(tell, 60_000);
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child: ChildProcess = fork(fileURLToPath(import.meta.url), ["--steps", String(steps)]);
      child.on("exit", (code) => reject(new Error(`a worker ended by itself, with ${code}`)));
      child.on("error", reject);
      child.on("message", (report: Report) => {
        if (report.failure !== undefined) {
          console.error(`seed ${report.seed}: ${report.failure}`);
          process.exit(1);
        }
        seeds += 1;
        decisions += report.decisions!;
        coverage.add(Coverage.fromJson(report.counts!));
        if (Date.now() < endsAtMs) child.send(next++);
        else {
          child.removeAllListeners("exit");
          child.kill();
          resolve();
        }
      });
      child.send(next++);
    });
  await Promise.all(Array.from({ length: workers }, work));
  clearInterval(talking);
  console.log(coverage.table());
  tell();
  if (coverage.missing.length > 0) console.log(`never met: ${coverage.missing.join("; ")}`);
}
