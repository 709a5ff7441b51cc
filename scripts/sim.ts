/** Entry point of `npm run sim`: one simulated world from its seed, and what it met. */
import { parseArgs } from "node:util";
import { RunFailed, runWorld } from "../test/sim/run-world.js";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    steps: { type: "string", default: "600" },
    trace: { type: "string", default: "40" },
  },
});
const options = { seed: Number(values.seed), steps: Number(values.steps) };
try {
  const { digest, decisions, events, coverage } = await runWorld(options);
  console.log(coverage.table());
  console.log(
    `seed ${options.seed}, ${options.steps} steps, ${decisions} decisions, ${events} events, digest ${digest}`,
  );
} catch (cause) {
  if (!(cause instanceof RunFailed)) throw cause;
  console.error(cause.trace.slice(-Number(values.trace)).join("\n"));
  console.error(cause.message);
  process.exitCode = 1;
}
