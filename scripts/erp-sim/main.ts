/** Entry point of `npm run erp-sim`: a simulated ERP as a process of its own, told what to do by keys or lines. */
import { KEY_HELP, listen } from "./control.js";
import { ErpSim } from "./erp-sim.js";
import type { SimOrder } from "./orders.js";
import { parseSimArguments, type SimArguments, USAGE } from "./sim-arguments.js";
import type { SimReport } from "./sim-report.js";

const STATUS_EVERY_MS = 1_000;

try {
  const options = parseSimArguments(process.argv.slice(2));
  if (options.help) process.stdout.write(USAGE);
  else await run(options);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

/** Until somebody says quit. Standard output has what is asked for, everything else goes to standard error. */
async function run({ sim: options, json, runForMs }: SimArguments): Promise<void> {
  const isWatched = process.stderr.isTTY === true;
  const clearLine = isWatched ? "\r\u001b[K" : "";
  const say = (text: string): void => void process.stderr.write(`${clearLine}${text}\n`);
  const sim = new ErpSim({ ...options, log: say });
  let quit = (): void => {};
  const quitted = new Promise<void>((resolve) => {
    quit = resolve;
  });
  const obey = (order: SimOrder, text: string): void => {
    if (order.kind === "quit") quit();
    else if (order.kind === "status") console.log(JSON.stringify({ status: sim.counts() }));
    else {
      say(`told: ${text}`);
      sim.obey(order).catch((error: Error) => say(error.message));
    }
  };
  const stopListening = listen(process.stdin, {
    onOrder: obey,
    onMistake: say,
    onEnd: () => runForMs === 0 && quit(),
  });
  process.once("SIGINT", quit);
  process.once("SIGTERM", quit);
  const ending = runForMs > 0 ? setTimeout(quit, runForMs) : undefined;
  const telling = isWatched
    ? setInterval(() => process.stderr.write(clearLine + statusLine(sim)), STATUS_EVERY_MS)
    : undefined;
  try {
    say(
      `source ${options.source}, ${options.warehouseIds.join(", ")}, ${options.skus.length} SKUs, seed ${options.seed}`,
    );
    if (process.stdin.isTTY) say(KEY_HELP);
    await Promise.race([sim.start(), quitted]);
    await quitted;
    const report = await sim.stop();
    if (json) console.log(JSON.stringify(report));
    else say(closing(report));
  } finally {
    stopListening();
    clearTimeout(ending);
    clearInterval(telling);
  }
}

function statusLine(sim: ErpSim): string {
  const { plugged_in, last_sequence, events_acknowledged, events_lost, dispatched_units, open_units } = sim.counts();
  const cable = plugged_in ? "plugged in" : "AWAY";
  return `${cable}  booked ${last_sequence}  acknowledged ${events_acknowledged}  lost ${events_lost}  shipped ${dispatched_units}  to ship ${open_units}`;
}

function closing(report: SimReport): string {
  const warehouses = Object.entries(report.warehouses).map(
    ([name, { on_hand, unavailable }]) => `  ${name}: ${on_hand} on hand, ${unavailable} of them unavailable`,
  );
  return [
    `booked ${report.last_sequence} events: ${report.events_acknowledged} acknowledged, ${report.events_lost} lost, ${report.events_repeated} sent twice`,
    `shipped ${report.dispatched_units} units of ${report.dispatched_orders} orders; ${report.open_units} units of ${report.open_orders} orders are still to ship`,
    ...warehouses,
  ].join("\n");
}
