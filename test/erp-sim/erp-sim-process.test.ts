/** `npm run erp-sim` as a process: told by lines, it prints its truth at the end. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import type { SimCounts, SimReport } from "../../scripts/erp-sim/sim-report.js";
import { startScriptedServer } from "../client/scripted-server.js";
import { ScriptedService } from "./scripted-service.js";

const MAIN = fileURLToPath(new URL("../../scripts/erp-sim/main.ts", import.meta.url));

const stops: (() => unknown)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

function start(...flags: string[]) {
  const child = spawn(process.execPath, ["--import", "tsx", MAIN, ...flags], { stdio: ["pipe", "pipe", "pipe"] });
  stops.push(() => child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let errors = "";
  child.stderr.on("data", (text) => {
    errors += text;
  });
  const tell = (line: string) => void child.stdin.write(`${line}\n`);
  const next = async (): Promise<unknown> => JSON.parse((await lines.next()).value ?? errors);
  return { child, tell, next, errors: () => errors };
}

test("lines drive it, and the last line is its truth", async () => {
  const service = new ScriptedService();
  const server = await startScriptedServer(service.all);
  stops.push(() => server.stop());
  const { child, tell, next } = start(
    ..."--warehouses a,b --skus 3 --happen-every 0 --json --server".split(" "),
    server.address,
  );
  const settled = async (): Promise<SimCounts> => {
    for (;;) {
      tell("status");
      const { status } = (await next()) as { status: SimCounts };
      if (status.settled && status.last_sequence > 0) return status;
    }
  };
  expect(await settled()).toMatchObject({ plugged_in: true, last_sequence: 6, outages: 0 });
  tell("away");
  tell("happen 10");
  tell("back");
  expect(await settled()).toMatchObject({ outages: 1 });
  tell("quit");
  const report = (await next()) as SimReport;
  expect((await once(child, "exit"))[0]).toBe(0);
  expect(report.last_sequence).toBeGreaterThan(6);
  expect(report.last_sequence).toBe(service.applied.length);
  const truth = Object.entries(report.warehouses).flatMap(([warehouseId, { skus }]) =>
    Object.entries(skus).map(([sku, onHand]) => [`${warehouseId}/${sku}`, onHand]),
  );
  expect(Object.fromEntries(truth)).toEqual(service.figures());
});

test("a source that the service knows ends it with words, exit code 1 and no object", async () => {
  const service = new ScriptedService();
  service.appliedSequence = 9n;
  const server = await startScriptedServer(service.all);
  stops.push(() => server.stop());
  const { child, errors } = start("--server", server.address, "--json");
  let printed = "";
  child.stdout.on("data", (text) => {
    printed += text;
  });
  expect((await once(child, "exit"))[0]).toBe(1);
  expect(errors()).toContain("9 events of source erp-sim");
  expect(printed).toBe("");
});

test("the end of its input is quit, and a bad flag ends it at once with words", async () => {
  const service = new ScriptedService();
  const server = await startScriptedServer(service.all);
  stops.push(() => server.stop());
  const quitting = start("--server", server.address, "--json");
  quitting.child.stdin.end();
  expect(await quitting.next()).toMatchObject({ source: "erp-sim" });
  const mistaken = start("--lose", "200%");
  expect((await once(mistaken.child, "exit"))[0]).toBe(1);
  expect(mistaken.errors()).toContain('"200%" is no share');
});
