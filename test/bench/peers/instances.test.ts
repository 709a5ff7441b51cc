import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { DataFolders } from "../../../scripts/bench/data-folders.js";
import { findPeer, parseVersion } from "../../../scripts/bench/peers/instances/find-programs.js";
import { startPostgres } from "../../../scripts/bench/peers/instances/postgres-instance.js";
import { startRedis } from "../../../scripts/bench/peers/instances/redis-instance.js";

test("versions are read from what the servers print", () => {
  expect(parseVersion("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)")).toBe("15.18");
  expect(parseVersion("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0")).toBe("7.0.15");
  expect(parseVersion("something else")).toBe("0");
});

for (const [name, start] of [
  ["postgres", startPostgres],
  ["redis", startRedis],
] as const) {
  const program = findPeer(name);
  const title = `a private ${name} serves, and is gone after its stop`;
  if (program.kind === "missing") {
    test.skip(`${title} (SKIPPED: ${program.reason})`, () => {});
  } else {
    test(title, async () => {
      await new DataFolders().use(async (folder) => {
        const instance = await start(program, folder);
        expect(existsSync(`/proc/${instance.pid}`)).toBe(true);
        await instance.stop();
        expect(existsSync(`/proc/${instance.pid}`)).toBe(false);
      });
    });
  }
}
