import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { LiveTable } from "../../src/cli/watch/live-table.js";
import { refused } from "../client/scripted-server.js";
import { run, runAgainst } from "./command-line.js";

interface Call {
  write(message: object): void;
  emit(name: "error", error: object): void;
}

const stock = (sku: string, units: bigint) => {
  const updateTime = { seconds: 1_790_000_000n, nanos: 0 };
  return { warehouseId: "W1", sku, onHand: 9n, availableToPromise: units, level: 1, version: units, updateTime };
};
const freshness = (state: number) => ({
  state,
  asOf: { seconds: 1_790_000_000n, nanos: 0 },
  age: { seconds: 0n, nanos: 0 },
});
const batch = (availability: object[], snapshot: boolean) => ({
  event: { case: "batch", value: { availability, snapshot, snapshotComplete: snapshot } },
  freshness: freshness(1),
  cursor: "c",
});

/** A snapshot, a change, STALE, a break, another change, and an end that no other try would change. */
function script() {
  let calls = 0;
  return (call: Call) => {
    calls += 1;
    if (calls === 1) {
      call.write(batch([stock("a", 5n), stock("b", 6n)], true));
      call.write(batch([stock("a", 4n)], false));
      call.write({ event: { case: "heartbeat", value: {} }, freshness: freshness(3), cursor: "d" });
      call.emit("error", refused({ code: status.UNAVAILABLE, message: "stopping", reason: "SHUTTING_DOWN" }));
    } else {
      call.write(batch([stock("b", 0n)], false));
      call.emit("error", refused({ code: status.NOT_FOUND, message: "no such dealer", reason: "DEALER_NOT_FOUND" }));
    }
  };
}

describe("holdfast watch", () => {
  test("prints everything, then a line for each change, and goes on after a disconnect", async () => {
    const { out, error, exitCode } = await runAgainst({ watchAvailability: script() }, "watch", "--warehouse", "W1");
    const lines = out.split("\n").map((line) => line.replace(/^2026-\S+ \S+ +/, "").replace(/:.*/, ""));
    expect(lines).toEqual([
      "W1  a  5  IN_STOCK",
      "W1  b  6  IN_STOCK",
      "LIVE",
      "W1  a  4  IN_STOCK",
      "STALE",
      "W1  b  0  IN_STOCK",
      "LIVE",
    ]);
    expect(error).toMatch(/^disconnected, trying again: .*\nconnected again\n/);
    expect(error).toContain("DEALER_NOT_FOUND");
    expect(exitCode).toBe(3);
  });

  test("prints one JSON object for each update, without what a dealer is not told", async () => {
    const { out } = await runAgainst({ watchAvailability: script() }, "watch", "--dealer", "D1", "--json");
    const updates = out.split("\n").map((line) => JSON.parse(line));
    expect(updates.map(({ kind, cursor }) => `${kind} ${cursor}`)).toEqual([
      "snapshot c",
      "changes c",
      "freshness d",
      "changes c",
    ]);
    expect(updates[1].availability).toEqual([
      expect.objectContaining({ sku: "a", availableToPromise: "4", level: "AVAILABILITY_LEVEL_IN_STOCK" }),
    ]);
    expect(updates[1].availability[0]).not.toHaveProperty("onHand");
  });

  test("asks for a dealer or a warehouse, not both", async () => {
    for (const names of [[], ["--dealer", "D1", "--warehouse", "W1"]]) {
      const { exitCode, error } = await run("watch", ...names);
      expect([exitCode, error]).toEqual([2, expect.stringContaining("name either --dealer or --warehouse")]);
    }
  });

  test("a live table fits the terminal, with what has just changed first and marked", () => {
    const drawn: string[] = [];
    const terminal = { interactive: true, print: (text: string) => drawn.push(text), printError() {} };
    const table = new LiveTable(terminal, () => 7);
    const stocks = new Map(["a", "b", "c"].map((sku) => [sku, stock(sku, 5n)]));
    const watch = { stocks, freshness: undefined } as never;
    const told = { cursor: "c", freshness: undefined };
    table.told({ kind: "changes", availability: [stock("c", 4n) as never], ...told }, watch);
    const rows = drawn.at(-1)!.split("\n");
    expect(rows[1]).toMatch(/W1 +c +5 +IN_STOCK +changed$/);
    expect(rows[2]).toMatch(/W1 +a +5 +IN_STOCK$/);
    expect(rows[3]).toBe("1 more");
    table.lost("gone");
    expect(drawn.at(-1)).toContain("disconnected, trying again: gone");
  });
});
