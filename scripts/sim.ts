/** Entry point of `npm run sim`: one simulated world from its seed. */
import { parseArgs } from "node:util";
import { runWorld } from "../test/sim/run-world.js";

const { values } = parseArgs({ options: { seed: { type: "string" }, steps: { type: "string" } } });
const started = process.hrtime.bigint();
const result = await runWorld({ seed: Number(values.seed ?? 1), steps: Number(values.steps ?? 1000) });
console.log(result.coverage.table());
console.log(result.digest, result.decisions, result.events, Number(process.hrtime.bigint() - started) / 1e6, "ms");
