/** Holds end on time, whatever happens to the timer (decision 5, I9). */
import { describe, expect, it } from "vitest";
import type { HoldExpired, JournalRecord } from "../../src/domain/event.js";
import { readRecords } from "../../src/journal/records/record-reader.js";
import { NodeHarness } from "../node/node-harness.js";
import { commit, reserve } from "./commands.js";

async function records(node: NodeHarness): Promise<readonly JournalRecord[]> {
  const all: JournalRecord[] = [];
  for await (const block of node.journal.read(undefined)) all.push(...readRecords(block.body));
  return all;
}

/** The reservations that the journal says expired, each with the moment. */
async function expiries(node: NodeHarness): Promise<readonly (readonly [number, number])[]> {
  return (await records(node)).flatMap((record) =>
    record.events
      .filter((event): event is HoldExpired => event.kind === "HoldExpired")
      .map((event) => [event.reservation, record.timeMs] as const),
  );
}

async function held(count: number, holdMs = 1_000): Promise<{ node: NodeHarness; deadlineMs: number; ids: string[] }> {
  const node = await NodeHarness.start();
  await node.receive("A", count);
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    const made = await node.ask(reserve(`r${index}`, { A: 1 }, { holdMs }), (answer) => answer.reservation!.id);
    if (made.kind === "answered") ids.push(made.value);
  }
  return { node, deadlineMs: node.nowMs + holdMs, ids };
}

describe("expiry", () => {
  it("does nothing when a timer fires early, and all when the deadline comes", async () => {
    const { node, deadlineMs } = await held(3);
    node.pass(999);
    await node.fireTimers();
    expect(await expiries(node)).toEqual([]);
    await node.advance(1);
    expect(await expiries(node)).toEqual([
      [1, deadlineMs],
      [2, deadlineMs],
      [3, deadlineMs],
    ]);
  });

  it("happens once when a timer fires twice", async () => {
    const { node, deadlineMs } = await held(2);
    node.pass(1_000);
    await node.fireTimers();
    await node.fireTimers();
    await node.fireTimers();
    expect(await expiries(node)).toEqual([
      [1, deadlineMs],
      [2, deadlineMs],
    ]);
    expect(node.figures("A")).toMatchObject({ reserved: 0, availableToPromise: 2 });
  });

  it("comes before any decision of the turn in which a late timer is noticed", async () => {
    const { node, deadlineMs, ids } = await held(2);
    node.pass(60_000);
    const late = await node.ask(commit("c1", ids[0]!), () => 0);
    expect(late).toMatchObject({ kind: "refused", refusal: { reason: "RESERVATION_EXPIRED" } });
    expect(await expiries(node)).toEqual([
      [1, deadlineMs + 59_000],
      [2, deadlineMs + 59_000],
    ]);
  });

  it("never comes for a hold that was committed in time (I10)", async () => {
    const { node, ids } = await held(2);
    node.pass(999);
    expect(await node.ask(commit("c1", ids[1]!), (answer) => answer.reservation.state)).toMatchObject({
      value: "COMMITTED",
    });
    await node.advance(3_600_000);
    expect((await expiries(node)).map(([reservation]) => reservation)).toEqual([1]);
    expect(node.figures("A")).toMatchObject({ reserved: 0, committed: 1 });
  });

  it("finds the holds that fell due while the process was down, each once", async () => {
    const { node } = await held(3);
    await node.restart();
    node.pass(5_000);
    await node.restart();
    await node.settle();
    await node.restart();
    await node.settle();
    expect((await expiries(node)).map(([reservation]) => reservation)).toEqual([1, 2, 3]);
    expect(node.figures("A")).toMatchObject({ reserved: 0, availableToPromise: 3 });
  });

  it("of more holds than one turn takes is over before anything else is decided", async () => {
    const { node } = await held(2_500, 60_000);
    node.pass(60_000);
    const all = await node.ask(reserve("all", { A: 2_500 }), (answer) => answer.outcome);
    expect(all).toMatchObject({ value: "RESERVED" });
    const numbers = (await expiries(node)).map(([reservation]) => reservation);
    expect(numbers).toEqual(Array.from({ length: 2_500 }, (_, index) => index + 1));
    expect(node.failures).toEqual([]);
  });
});
