import { describe, expect, test } from "vitest";
import type { ReportPositionsRequest } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { ConnectorWorld, until } from "./connector-world.js";

function receiveSome(world: ConnectorWorld, count: number): void {
  for (let number = 1; number <= count; number++) world.erp.receive(`sku-${number % 3}`, number);
}

function applied(world: ConnectorWorld): [bigint, string][] {
  return world.ingest.applied.map(({ sequence, eventId }) => [sequence, eventId]);
}

/** Each event of the ERP, once, in its order, without a gap in the numbers. */
function expected(world: ConnectorWorld): [bigint, string][] {
  return world.erp.eventIds.map((eventId, index) => [BigInt(index + 1), eventId]);
}

describe("a connector", () => {
  test("numbers what the ERP tells, in its order, and goes on where it ended", async () => {
    const world = await ConnectorWorld.start();
    receiveSome(world, 7);
    const first = world.connect();
    await until(() => world.ingest.applied.length === 7);
    await first.stop();
    await first.ended;
    receiveSome(world, 4);
    world.connect();
    await until(() => world.ingest.applied.length === 11);
    expect(applied(world)).toEqual(expected(world));
    expect(new Set(world.ingest.arrived.filter((arrival) => !arrival.startsWith("0/"))).size).toBe(11);
  });

  test("asks quickly while things happen, and ever more slowly up to a bound while nothing does", async () => {
    const world = await ConnectorWorld.start();
    receiveSome(world, 7);
    world.connect();
    await until(() => world.environment.sleptMs.length >= 7);
    // Two full batches have more behind them and are followed at once; the third is the last.
    expect(world.environment.sleptMs.slice(0, 7)).toEqual([100, 200, 400, 800, 1_000, 1_000, 1_000]);
  });

  test("is silent while the ERP does not answer, asks only whether it is there, and then reads on", async () => {
    const world = await ConnectorWorld.start();
    receiveSome(world, 1);
    world.connect({ heartbeatMs: 1 });
    await until(() => world.ingest.arrived.some((arrival) => arrival === "0/1"));
    world.erp.isAway = true;
    await until(() => world.erp.healthQuestions >= 3);
    const questions = world.erp.questions - world.erp.healthQuestions;
    const heartbeats = world.ingest.arrived.length;
    await until(() => world.erp.healthQuestions >= 300);
    expect(world.ingest.arrived.length).toBeLessThanOrEqual(heartbeats + 1);
    expect(world.erp.questions - world.erp.healthQuestions).toBe(questions);
    world.erp.isAway = false;
    receiveSome(world, 2);
    await until(() => world.ingest.applied.length === 3);
    await until(() => world.ingest.arrived.at(-1) === "0/3");
    const told = world.log.map(({ message }) => message);
    expect(told.filter((message) => message === "the ERP does not answer")).toHaveLength(1);
    expect(told.filter((message) => message === "the ERP answers again")).toHaveLength(1);
  });

  test("does not number over events that it never gave out", async () => {
    const world = await ConnectorWorld.start();
    world.ingest.appliedSequence = 5n;
    receiveSome(world, 2);
    await expect(world.connect().ended).rejects.toMatchObject({ code: "SOURCE_NUMBERED_ELSEWHERE" });
    expect(world.ingest.arrived).toEqual([]);
    expect(world.storedFeed).toBeUndefined();
  });

  test("takes over no lost state while numbers are under way that it does not know", async () => {
    const world = await ConnectorWorld.start({
      getSourceStatus: () => ({ appliedSequence: 3n, gaps: [{ first: 4n, last: 5n }] }),
    });
    await expect(world.connect({ takeOver: true }).ended).rejects.toMatchObject({ code: "SOURCE_HAS_GAPS" });
    expect(world.storedFeed).toBeUndefined();
  });

  test("does not take up another source's state", async () => {
    const world = await ConnectorWorld.start();
    receiveSome(world, 1);
    const first = world.connect();
    await until(() => world.ingest.applied.length === 1);
    await first.stop();
    await expect(world.connect({ source: "other" }).ended).rejects.toThrow(/of source erp, not of other/);
  });

  test("reads no further while Holdfast is away, and tells everything once it is back", async () => {
    const world = await ConnectorWorld.start();
    receiveSome(world, 7);
    let refusals = 0;
    world.ingest.fate = ({ body }) => (body.case !== "sourceHeartbeat" && refusals++ < 20 ? "lost" : "answered");
    world.connect();
    await until(() => refusals >= 15);
    expect(world.erp.questions).toBe(1);
    await until(() => world.ingest.applied.length === 7);
    expect(applied(world)).toEqual(expected(world));
  });
});

describe("a crash of the connector", () => {
  /** Runs until the given step comes up for the nth time, dies there, and starts again; the steps that came up. */
  async function dieAt(nth: number): Promise<{ world: ConnectorWorld; steps: string[] }> {
    const world = await ConnectorWorld.start();
    receiveSome(world, 7);
    const steps: string[] = [];
    const step = (name: string): void => {
      steps.push(name);
      if (steps.length === nth) world.die();
    };
    world.onStep = step;
    world.erp.onSettled = () => step("before files are put away");
    world.ingest.fate = ({ body, sequence }) => {
      if (body.case === "sourceHeartbeat") return "answered";
      for (const fate of ["lost", "answer lost"] as const) {
        try {
          step(`event ${sequence}: ${fate}`);
        } catch {
          return fate;
        }
      }
      return "answered";
    };
    const first = world.connect();
    await Promise.race([until(() => world.erp.settledUpTo.at(-1) === "7"), first.ended.catch(() => {})]);
    await first.kill();
    world.onStep = () => {};
    world.erp.onSettled = () => {};
    world.ingest.fate = () => "answered";
    const second = world.connect();
    await until(() => world.ingest.applied.length >= 7 && world.erp.settledUpTo.at(-1) === "7");
    await second.stop();
    return { world, steps };
  }

  test("at any step of its own loses no event and doubles none", async () => {
    const diedAt: string[] = [];
    for (let nth = 1; ; nth++) {
      const { world, steps } = await dieAt(nth);
      expect(applied(world), `dead at step ${nth}, ${steps.at(-1)}`).toEqual(expected(world));
      expect(world.storedFeed?.sequence).toBe("7");
      if (steps.length < nth) break;
      diedAt.push(String(steps.at(-1)));
    }
    expect(diedAt).toContain("feed before it is kept");
    expect(diedAt).toContain("feed after it is kept");
    expect(diedAt).toContain("event 4: lost");
    expect(diedAt).toContain("event 5: answer lost");
    expect(diedAt).toContain("before files are put away");
    // Three batches: kept before and after, seven events lost or unanswered, three times put away.
    expect(diedAt).toHaveLength(3 * 2 + 7 * 2 + 3);
  });
});

describe("positions", () => {
  interface Told {
    readonly runId: string;
    readonly full: boolean;
    readonly positions: [string, bigint, bigint][];
  }

  async function worldWithPositions(): Promise<{ world: ConnectorWorld; told: Told[] }> {
    const told: Told[] = [];
    const world = await ConnectorWorld.start({
      reportPositions: (call, answer) => {
        const requests: ReportPositionsRequest[] = [];
        call.on("data", (request: ReportPositionsRequest) => requests.push(request));
        call.on("end", () => {
          // A call that is cancelled ends too; only a complete one is a run.
          if (requests.at(-1)?.last !== true) return;
          const [{ runId, full } = { runId: "", full: false }] = requests;
          const positions = requests.flatMap((request) => request.positions);
          told.push({
            runId,
            full,
            positions: positions.map(({ sku, onHand, asOfSequence }) => [sku, onHand, asOfSequence]),
          });
          answer(null, { runId });
        });
      },
    });
    return { world, told };
  }

  test("are told when Holdfast asks, true at the sequence that is reached", async () => {
    const { world, told } = await worldWithPositions();
    receiveSome(world, 7);
    world.connect();
    await until(() => world.ingest.applied.length === 7);
    world.ingest.say({ positionsRequest: { runId: "run-1", full: true, warehouseId: "" } });
    await until(() => told.length === 1);
    expect(told).toEqual([
      {
        runId: "run-1",
        full: true,
        positions: [
          ["sku-1", 12n, 7n],
          ["sku-2", 7n, 7n],
          ["sku-0", 9n, 7n],
        ],
      },
    ]);
  });

  test("of stocks that move while they are read are read again, and never told with a wrong sequence", async () => {
    const { world, told } = await worldWithPositions();
    receiveSome(world, 6);
    let moves = 3;
    world.erp.whilePageTravels = (page) => {
      if (page.some(({ sku }) => sku === "sku-2") && moves-- > 0) world.erp.receive("sku-2", 100);
    };
    world.connect();
    await until(() => world.ingest.applied.length === 6);
    world.ingest.say({ positionsRequest: { runId: "run-1", full: true, warehouseId: "" } });
    await until(() => told.length === 1);
    expect(moves).toBeLessThan(0);
    expect(told[0]?.positions).toEqual([
      ["sku-1", 5n, 7n],
      ["sku-0", 9n, 7n],
      ["sku-2", 307n, 9n],
    ]);
  });

  test("of what moved lately are asked for stock by stock", async () => {
    const { world, told } = await worldWithPositions();
    receiveSome(world, 6);
    const first = world.connect();
    await until(() => world.ingest.applied.length === 6);
    await first.stop();
    world.erp.receive("sku-1", 50);
    world.connect();
    await until(() => world.ingest.applied.length === 7);
    world.ingest.say({ positionsRequest: { runId: "movers", full: false, warehouseId: "" } });
    await until(() => told.length === 1);
    expect(told).toEqual([{ runId: "movers", full: false, positions: [["sku-1", 55n, 7n]] }]);
  });

  test("that cannot be read are tried again, a few times", async () => {
    const { world, told } = await worldWithPositions();
    receiveSome(world, 3);
    world.connect();
    await until(() => world.ingest.applied.length === 3);
    let failures = 2;
    world.erp.whilePageTravels = () => {
      if (failures-- > 0) throw new Error("broken page");
    };
    world.ingest.say({ positionsRequest: { runId: "run-1", full: true, warehouseId: "" } });
    await until(() => told.length === 1);
    expect(told[0]?.positions).toHaveLength(3);
    failures = 3;
    world.ingest.say({ positionsRequest: { runId: "run-2", full: true, warehouseId: "" } });
    await until(() => world.log.some(({ message }) => message === "positions cannot be told"));
    expect(told).toHaveLength(1);
  });

  test("of every stock are told when a lost state is taken over, and what happens then is numbered on", async () => {
    const { world, told } = await worldWithPositions();
    receiveSome(world, 3);
    const first = world.connect();
    await until(() => world.ingest.applied.length === 3);
    await first.stop();
    world.storedFeed = undefined;
    receiveSome(world, 2);
    await expect(world.connect().ended).rejects.toMatchObject({ code: "SOURCE_NUMBERED_ELSEWHERE" });
    const second = world.connect({ takeOver: true });
    await until(() => told.length === 1);
    expect(told[0]).toEqual({
      runId: "take-over-3",
      full: true,
      positions: [
        ["sku-1", 2n, 3n],
        ["sku-2", 4n, 3n],
        ["sku-0", 3n, 3n],
      ],
    });
    world.erp.receive("sku-1", 9);
    await until(() => world.ingest.applied.length === 4);
    expect(applied(world).at(-1)).toEqual([4n, "move-6"]);
    await second.stop();
    await expect(world.connect({ takeOver: true }).ended).rejects.toMatchObject({ code: "CONNECTOR_STATE_THERE" });
  });
});
