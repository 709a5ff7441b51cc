/** Entry point of `npm run bench:watch`. Exits with 0 when it could measure, whatever it measured; otherwise with 1. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { DataFolders } from "../data-folders.js";
import { formatOutput } from "../report/output-table.js";
import { measureWatch } from "./measure-watch.js";
import { watchResultsToJson, watchTargets } from "./watch-json.js";

const USAGE = `Measures what watching availability costs: 350 dealers on three warehouses of 500 SKUs, watchers in processes of their own.

  npm run bench:watch                  as a table
  npm run bench:watch -- --quick       fewer rounds

  --json              one JSON object on standard output, progress on standard error
  --rounds N          (default 9; quick 3)
  --watchers N        the most watchers, against 100 (default 2000)
  --data-root DIR     where data folders are made (default: the system's temporary folder)
`;

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

// Each server and each process of watchers ends with this one.
process.setMaxListeners(0);

try {
  await main();
  process.exit(0);
} catch (error) {
  console.error(error instanceof TypeError && "code" in error ? `${error.message}\n\n${USAGE}` : error);
  process.exit(1);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      rounds: { type: "string" },
      watchers: { type: "string", default: "2000" },
      "data-root": { type: "string" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const dataFolders = new DataFolders(values["data-root"]);
  const results = await measureWatch({
    dataFolders,
    rounds: wholeNumber("--rounds", values.rounds ?? (values.quick ? "3" : "9")),
    watchersMax: wholeNumber("--watchers", values.watchers),
    progress: (line) => process.stderr.write(`${line}\n`),
  });
  const machine = { cores: availableParallelism(), node: process.versions.node, fileSystem: dataFolders.fileSystem };
  const output = watchResultsToJson(results, machine);
  console.log(values.json ? JSON.stringify(output) : formatOutput(output, watchTargets));
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new Error(`${option} is ${text}: it takes a whole number above 0`);
}
