/** The same seed gives the same history: nothing in a world depends on real time, real I/O, the run before it, or the version of Node. */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { runWorld } from "./run-world.js";

const run = promisify(execFile);

test.each([1, 2, 3])("seed %i twice in a row gives the same digest", async (seed) => {
  const first = await runWorld({ seed, steps: 600 });
  const second = await runWorld({ seed, steps: 600 });
  expect(second.digest).toBe(first.digest);
  expect(second.events).toBe(first.events);
  expect(first.decisions).toBeGreaterThan(100);
});

/** Another Node than this one: as told, or the LTS that `npm run test:lts` has left in .cache. */
async function otherNode(): Promise<string | undefined> {
  const cached = await readdir(".cache", { recursive: true }).catch(() => []);
  const binaries = cached.filter((path) => path.endsWith("/bin/node")).map((path) => join(".cache", path));
  for (const binary of [process.env.HOLDFAST_TEST_OTHER_NODE ?? [], binaries].flat()) {
    const version = await run(binary, ["--version"]).catch(() => undefined);
    if (version !== undefined && version.stdout.trim() !== process.version) return binary;
  }
  return undefined;
}

test("another version of Node gives the same digests", { timeout: 60_000 }, async (context) => {
  const node = await otherNode();
  if (node === undefined) return context.skip("SKIPPED: there is no other Node here; npm run test:lts fetches one");
  for (const seed of [1, 2, 7]) {
    const { digest } = await runWorld({ seed, steps: 300 });
    const how = ["--import", "tsx", "scripts/sim.ts", "--seed", String(seed), "--steps", "300"];
    expect((await run(node, how)).stdout).toContain(`digest ${digest}`);
  }
});

test("other seeds give other histories", async () => {
  const digests = new Set<string>();
  for (const seed of [1, 2, 3]) digests.add((await runWorld({ seed, steps: 200 })).digest);
  expect(digests.size).toBe(3);
});
