/** Entry point of `npm run bench`. Exits with 0 when it could measure, whatever it measured; otherwise with 1. */
import { type BenchOptions, parseBenchOptions, USAGE } from "./bench-options.js";
import { DataFolders } from "./data-folders.js";
import type { BenchRun } from "./measure/bench-run.js";
import { measureRatios } from "./measure/measure-ratios.js";
import { ratioResultsToJson } from "./report/results-json.js";

try {
  await runBench(parseBenchOptions(process.argv.slice(2)));
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}

async function runBench(options: BenchOptions): Promise<void> {
  if (options.mode === "help") return console.log(USAGE);
  const run = benchRun(options);
  console.log(JSON.stringify(ratioResultsToJson(await measureRatios(run, options.only))));
}

function benchRun(options: BenchOptions): BenchRun {
  return {
    target: options.target,
    rounds: options.rounds,
    roundsBudgetMs: options.roundsBudgetMs,
    windowMs: options.windowMs,
    dataFolders: new DataFolders(options.dataRoot),
    totals: { levelPuts: 0, reservations: 0 },
    progress: (line) => process.stderr.write(`${line}\n`),
  };
}
