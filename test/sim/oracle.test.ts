/** The oracle and the service agree on every answer of random histories. */
import { describe, expect, test } from "vitest";
import type { Outcome } from "../../src/actor/service.js";
import { chosenSeed, SeededRandom } from "../journal/seeded-random.js";
import { NodeHarness, SETTINGS } from "../node/node-harness.js";
import { Oracle } from "./oracle/oracle.js";
import { RandomRequests } from "./oracle/random-requests.js";
import type { Request } from "./oracle/request.js";

const STEPS = 4_000;

async function ask(node: NodeHarness, request: Request): Promise<Outcome<unknown>> {
  let outcome: Outcome<unknown> | undefined;
  const settle = (settled: Outcome<unknown>) => {
    outcome = settled;
  };
  const { commands, ingest } = node.node.ports;
  if (request.kind === "command") commands.submit(request.command, (answer) => structuredClone(answer), settle);
  else if (request.kind === "erp") ingest.offer(request.event, settle);
  else if (request.kind === "heartbeat") ingest.heartbeat(request.source, request.lastSequence, settle);
  else ingest.sourceStatus(request.source, settle);
  await node.settle();
  return outcome!;
}

function oracleFor(node: NodeHarness): Oracle {
  return new Oracle({ ...node.settings, bufferedEventsMax: 10_000 });
}

describe("the oracle agrees with the service", () => {
  const seed = chosenSeed();

  test(`on every answer of a random history (seed ${seed})`, { timeout: 120_000 }, async () => {
    const random = new SeededRandom(seed);
    const node = await NodeHarness.start(SETTINGS);
    const oracle = oracleFor(node);
    const requests = new RandomRequests(random);
    const tally = new Map<string, number>();
    const wrong: string[] = [];
    for (let step = 0; step < STEPS && wrong.length < 12; step += 1) {
      if (random.chance(0.2)) {
        const ms = random.pick([0, 1, 400, 5_000, 70_000, 1_000_000]);
        if (random.chance(0.5)) node.pass(ms);
        else await node.advance(ms);
      }
      const request = requests.next();
      const outcome = await ask(node, request);
      const differences = oracle.check(node.nowMs, request, outcome);
      if (outcome.kind === "answered") requests.learn(request, outcome.value);
      const what = request.kind === "command" ? request.command.kind : request.kind;
      const name = `${what} ${outcome.kind === "refused" ? outcome.refusal.reason : ((outcome as any).value?.outcome ?? (outcome as any).value?.disposition ?? "")} ${(outcome as any).value?.reason ?? ""}`;
      tally.set(name, (tally.get(name) ?? 0) + 1);
      if (process.env.TALLY && request.kind === "erp")
        console.log(step, JSON.stringify(request), JSON.stringify(outcome));
      for (const difference of differences) {
        wrong.push(`step ${step}: ${JSON.stringify(request)}: ${difference}`);
      }
      oracle.settled(oracle.mark());
    }
    if (process.env.TALLY)
      console.log(
        [...tally]
          .sort()
          .map(([k, v]) => `${v} ${k}`)
          .join("\n"),
      );
    expect(wrong).toEqual([]);
  });
});
