/** Entry point of `npm run bench`. Exits with 0 when it could measure, whatever it measured; otherwise with 1. */
import { type BenchOptions, parseBenchOptions, USAGE } from "./bench-options.js";
import { DataFolders } from "./data-folders.js";
import type { BenchRun } from "./measure/bench-run.js";
import { describeMachine, measureRatios } from "./measure/measure-ratios.js";
import { measureTelemetry } from "./measure/telemetry.js";
import { enterPeers } from "./peers/race/enter-peers.js";
import { raceResultsToJson } from "./peers/race/race-json.js";
import { formatRace } from "./peers/race/race-table.js";
import { runRace } from "./peers/race/run-race.js";
import { profileGroup } from "./profile/profile-run.js";
import { formatOutput } from "./report/output-table.js";
import { formatProfile } from "./report/profile-table.js";
import { machineToJson, ratioResultsToJson, sizeResultsToJson, telemetryResultsToJson } from "./report/results-json.js";
import { ratioTargets, sizeTargets, type Target, telemetryTargets } from "./report/targets.js";
import { measureSize } from "./size/measure-size.js";

/** Signals end the process through its exit handlers, which end the servers and remove their folders. */
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

try {
  await runBench(parseBenchOptions(process.argv.slice(2)));
  process.exit(0);
} catch (error) {
  console.error(error instanceof TypeError && "code" in error ? `${error.message}\n\n${USAGE}` : error);
  process.exit(1);
}

async function runBench(options: BenchOptions): Promise<void> {
  if (options.mode === "help") {
    console.log(USAGE);
    return;
  }
  const run = benchRun(options);
  run.progress(`data folders in ${run.dataFolders.root}, on ${run.dataFolders.fileSystem}`);
  switch (options.mode) {
    case "ratios":
      print(options, ratioResultsToJson(await measureRatios(run, options.only)), ratioTargets);
      break;
    case "peers": {
      const peers = enterPeers(options.connectionsOfPeers);
      const race = await runRace(run, { peers, workloads: options.onlyWorkloads });
      const output = { ...raceResultsToJson(race), machine: machineToJson(describeMachine(run)) };
      console.log(options.json ? JSON.stringify(output) : formatRace(race));
      break;
    }
    case "size": {
      const size = { stocks: options.stocks, openReservations: options.reservations };
      print(options, sizeResultsToJson(await measureSize(run, size)), sizeTargets);
      break;
    }
    case "telemetry":
      print(options, telemetryResultsToJson(await measureTelemetry(run), describeMachine(run)), telemetryTargets);
      break;
    case "profile":
      console.log(formatProfile(await profileGroup(run, options.profile, options.profileFolder)));
      break;
  }
}

function print(options: BenchOptions, output: Record<string, unknown>, targets: readonly Target[]): void {
  console.log(options.json ? JSON.stringify(output) : formatOutput(output, targets));
}

function benchRun(options: BenchOptions): BenchRun {
  return {
    target: options.target,
    rounds: options.rounds,
    turnsPerRound: options.turnsPerRound,
    roundsBudgetMs: options.roundsBudgetMs,
    hurryAfterMs: options.hurryAfterMs,
    windowMs: options.windowMs,
    dataFolders: new DataFolders(options.dataRoot),
    totals: { levelPuts: 0, reservations: 0 },
    progress: (line) => process.stderr.write(`${line}\n`),
  };
}
