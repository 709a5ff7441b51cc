/** Plays a short bad morning as `npm run demo:bad-morning` does, with the real service and the ERP simulator. Needs `npm run build`. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
const DEMONSTRATION = "scripts/demo/bad-morning/main.ts";
/** Long enough for the source to go stale and be back; it takes forty seconds where nothing else runs. */
const MORNING = ["--minutes", "0.4", "--orders", "30", "--seed", "7"];
const TEST_MAX_MS = 240_000;
const DRIFT_TOLERANCE = 5;
/** What scripts may rely on. */
const FIELDS = [
  ...["orders", "fulfilled", "rejected", "at_risk", "expired", "released", "open_and_covered", "unaccounted"],
  ...["oversold_units", "unexplained_units", "provisional", "provisional_confirmed", "drift_found", "drift_injected"],
];

let demonstration: ChildProcess | undefined;
// It ends its own processes when it is asked to end; a kill would leave them running.
afterAll(() => demonstration?.kill("SIGTERM"));

test(
  "a morning without the ERP at its peak ends with every order accounted for and both sides' figures equal",
  async () => {
    const { code, told, errors } = await play([...MORNING, "--json"]);
    expect(code, errors + told).toBe(0);
    const account = JSON.parse(told) as Record<string, number>;
    for (const field of FIELDS) expect(Number.isInteger(account[field]), field).toBe(true);
    expect(account).toMatchObject({ seed: 7, oversold_units: 0, unexplained_units: 0, unaccounted: 0 });

    const { orders, rejected, fulfilled, released, expired, open_and_covered, at_risk } = account;
    expect(orders).toBeGreaterThan(100);
    expect(fulfilled).toBeGreaterThan(0);
    expect(rejected! + fulfilled! + released! + expired! + open_and_covered! + at_risk!).toBe(orders);

    expect(account.provisional_confirmed).toBeGreaterThan(0);
    expect(account.provisional_confirmed).toBeLessThanOrEqual(account.provisional!);

    expect(account.events_lost).toBeGreaterThan(0);
    // Nearly as much is found as went wrong. Two changes of one stock may be found as one, or make up for each other; of runs that
    // overlap, both may find the same. Drift where there is none would come with each of the 1,500 stocks of a run.
    expect(account.drift_injected).toBe(20 + account.events_lost!);
    expect(Math.abs(account.drift_found! - account.drift_injected!)).toBeLessThanOrEqual(DRIFT_TOLERANCE);
  },
  TEST_MAX_MS,
);

/** Runs the demonstration to its end. */
async function play(flags: readonly string[]) {
  const child = spawn(process.execPath, ["--import", "tsx", DEMONSTRATION, ...flags], { cwd: REPOSITORY });
  demonstration = child;
  const [told, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { told, errors, code: code as number | null };
}
