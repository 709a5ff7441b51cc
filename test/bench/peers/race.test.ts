/** The whole race in small, as it is run. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { findPeer, peerNames } from "../../../scripts/bench/peers/instances/find-programs.js";

const run = promisify(execFile);
const RACE_TIMEOUT_MS = 180_000;

function race(args: readonly string[], environment: NodeJS.ProcessEnv = process.env) {
  const command = ["--import", "tsx", "scripts/bench/main.ts", "--peers", ...args];
  return run(process.execPath, command, { encoding: "utf8", env: environment });
}

const missing = peerNames.map(findPeer).flatMap((peer) => (peer.kind === "missing" ? [peer.reason] : []));
const title = "Holdfast, PostgreSQL and Redis race, agree on what they granted, and give every promised name";
if (missing.length > 0) {
  test.skip(`${title} (SKIPPED: ${missing.join("; ")})`, () => {});
} else {
  test(
    title,
    async () => {
      const small = ["--only", "stream", "--rounds", "5", "--turns", "1", "--window-ms", "200"];
      const output = JSON.parse((await race(["--json", ...small])).stdout);
      for (const name of peerNames) {
        const { version, ...peer } = output.peers[name];
        expect(version).toMatch(/^\d+\.\d+/);
        for (const figure of ["ratio", "holdfast_per_s", "peer_per_s", "holdfast_busy", "peer_front_busy"])
          expect(peer.stream[figure], `${name}.stream.${figure}`).toBeGreaterThan(0);
      }
      for (const audit of Object.values<Record<string, number>>(output.oversell)) {
        expect(audit.units_by_answers).toBeGreaterThan(5_000);
        expect(audit.units_by_store).toBe(audit.units_by_answers);
        expect(audit.oversold_units).toBe(0);
      }
      expect(Object.keys(output.oversell)).toEqual(["holdfast", "postgres", "redis"]);
    },
    RACE_TIMEOUT_MS,
  );
}

test("without its peers there is no race, and the message says which is missing and what would help", async () => {
  const nowhere = race([], { ...process.env, PATH: "/nonexistent" });
  await expect(nowhere).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Redis 7 or later is not on this machine"),
  });
});
