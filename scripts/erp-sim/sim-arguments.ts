/** The command line of `npm run erp-sim`. */
import { parseArgs } from "node:util";
import { KEY_HELP } from "./control.js";
import type { ErpSimOptions } from "./erp-sim.js";
import { durationMs, ORDER_HELP, share, wholeNumber } from "./orders.js";

export const USAGE = `An ERP of its own truth, connected to a running service as any connector is. It ships what was committed, receives, adjusts
and counts, and can be told to misbehave.

  npm run erp-sim                          three warehouses, 50 SKUs, against 127.0.0.1:7420
  npm run erp-sim -- --lose 2% --lag 5s    with faults from the start

  --server HOST:PORT      the service (default 127.0.0.1:7420)
  --source NAME           whose events these are (default erp-sim); the service must have none of it yet
  --warehouses A,B        by name, or how many: wh-1, wh-2 ... (default 3)
  --skus N                SKU-001, SKU-002 ... (default 50)
  --units N               about this many of each at the start (default 200)
  --seed N                the same seed and the same orders give the same books (default 1)
  --dispatch-after A-B    from commit to dispatch (default 2s-6s)
  --happen-every D        one delivery, correction or block of its own accord (default 1s; 0 for none)
  --heartbeat D           (default 2s)
  --lag D, --lose SHARE, --repeat SHARE, --reorder N
                          faults from the start, as the orders below
  --run-for D             quit by itself after this time
  --json                  print one object at the end on standard output: figures by warehouse and SKU, and counts
  --help                  this text

While it runs, on a terminal:
  ${KEY_HELP}
Where standard input is no terminal, one order a line, and the end of the input is quit unless --run-for is given:
${ORDER_HELP}
`;

export interface SimArguments {
  readonly sim: Omit<ErpSimOptions, "log">;
  readonly json: boolean;
  readonly help: boolean;
  /** 0 for as long as nobody says quit. */
  readonly runForMs: number;
}

/** Reads the arguments; throws with what is wrong and what is allowed. */
export function parseSimArguments(args: readonly string[]): SimArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      server: { type: "string", default: "127.0.0.1:7420" },
      source: { type: "string", default: "erp-sim" },
      warehouses: { type: "string", default: "3" },
      skus: { type: "string", default: "50" },
      units: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
      "dispatch-after": { type: "string", default: "2s-6s" },
      "happen-every": { type: "string", default: "1s" },
      heartbeat: { type: "string", default: "2s" },
      lag: { type: "string", default: "0" },
      lose: { type: "string", default: "0" },
      repeat: { type: "string", default: "0" },
      reorder: { type: "string", default: "0" },
      "run-for": { type: "string", default: "0" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [dispatchMin = "", dispatchMax = dispatchMin] = values["dispatch-after"].split("-");
  return {
    json: values.json,
    help: values.help,
    runForMs: durationMs(values["run-for"]),
    sim: {
      address: values.server,
      source: values.source,
      seed: wholeNumber(values.seed),
      warehouseIds: warehouses(values.warehouses),
      skus: numbered("SKU-", atLeastOne("skus", values.skus), 3),
      initialUnits: atLeastOne("units", values.units),
      dispatchMinMs: durationMs(dispatchMin),
      dispatchMaxMs: Math.max(durationMs(dispatchMin), durationMs(dispatchMax)),
      happenEveryMs: durationMs(values["happen-every"]),
      heartbeatMs: Math.max(10, durationMs(values.heartbeat)),
      faults: {
        lagMs: durationMs(values.lag),
        lose: share(values.lose),
        repeat: share(values.repeat),
        reorder: wholeNumber(values.reorder),
      },
    },
  };
}

function warehouses(text: string): string[] {
  if (/^\d+$/.test(text)) return numbered("wh-", atLeastOne("warehouses", text), 1);
  const names = text.split(",").map((name) => name.trim());
  if (names.includes("") || new Set(names).size < names.length)
    throw new Error(`--warehouses "${text}" names one twice, or none`);
  return names;
}

function numbered(prefix: string, count: number, digits: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${String(index + 1).padStart(digits, "0")}`);
}

function atLeastOne(name: string, text: string): number {
  const value = wholeNumber(text);
  if (value < 1) throw new Error(`--${name} is at least 1`);
  return value;
}
