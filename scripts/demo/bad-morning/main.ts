/** Entry point of `npm run demo:bad-morning`. Exits with 0 when the morning ends clean, with 1 when it does not. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startService } from "./cast.js";
import { closingTable, isClean } from "./closing-table.js";
import { type Progress, playMorning } from "./morning.js";

const USAGE = `A morning with 350 dealers, three warehouses and 500 SKUs, in which the ERP is unplugged at the peak and comes back having lost events.

  npm run demo:bad-morning                     five minutes, progress and a closing table
  npm run demo:bad-morning -- --minutes 1 --json

  --minutes N    how long it takes; the ERP is away for two fifths of it (default 5)
  --seed N       what dealers order and what happens in the warehouses (default 1)
  --dealers N    (default 350)
  --orders N     orders a second at the peak (default 60)
  --json         print one object and nothing else
`;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    seed: { type: "string", default: "1" },
    dealers: { type: "string", default: "350" },
    orders: { type: "string", default: "60" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** When progress was last shown where no terminal is. */
let shownAt = performance.now();

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
if (values.help) console.log(USAGE);
else process.exit(await demonstrate());

async function demonstrate(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-demo-"));
  const service = await startService(folder);
  try {
    const reckoning = await playMorning(service, {
      minutes: positive("minutes"),
      seed: positive("seed"),
      dealers: positive("dealers"),
      ordersPerSecondMax: positive("orders"),
      onProgress: values.json ? () => {} : showProgress,
    });
    if (!values.json && process.stderr.isTTY) process.stderr.write("\n");
    console.log(values.json ? JSON.stringify(reckoning) : closingTable(reckoning));
    return isClean(reckoning) ? 0 : 1;
  } finally {
    await service.end();
    await rm(folder, { recursive: true, force: true });
  }
}

function positive(name: "minutes" | "seed" | "dealers" | "orders"): number {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} is a number above 0, not '${values[name]}'`);
  return value;
}

function showProgress({ phase, source, orders, provisional, atRiskUnits, gaps }: Progress): void {
  const isTerminal = process.stderr.isTTY === true;
  // A log does not need every second.
  if (!isTerminal && performance.now() - shownAt < 10_000) return;
  shownAt = performance.now();
  const line = `${phase.padEnd(24)} ERP ${source.padEnd(12)} ${orders} orders, ${provisional} provisional, ${atRiskUnits} units at risk, ${gaps} gaps`;
  process.stderr.write(isTerminal ? `\r\u001b[K${line}` : `${line}\n`);
}
