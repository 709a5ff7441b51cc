/**
 * What watching costs and how fast it is: servers with no watcher, with 350, with 350 and 100 that never read, with few and with many,
 * and one that does nothing but write, in turns of the same rounds.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { DataFolders } from "../data-folders.js";
import { comeToRest } from "../measure/turn.js";
import { readProcessCpu, readResidentMemory } from "../process-cpu.js";
import { ServerProcess } from "../server-process.js";
import { median, percentile } from "../statistics.js";
import { cpuMicrosPerDelivery, takeWatchTurn, type WatchTurn } from "./watch-turn.js";
import { dealerName, STOCKS, type WatchedServer, withWatchedServer } from "./watched-server.js";
import { Watchers } from "./watchers/watchers.js";
import { askForWrites } from "./writes.js";

export interface WatchRun {
  readonly dataFolders: DataFolders;
  readonly rounds: number;
  /** Of the many, beside whom few are measured. */
  readonly watchersMax: number;
  readonly progress: (line: string) => void;
}

export interface WatchResults {
  readonly deliveriesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMicrosPerDelivery: number;
  readonly echoCpuMicrosPerWrite: number;
  readonly bytesPerMessage: number;
  readonly bytesPerIdleSession: number;
  readonly growthRatio: number;
  readonly growthWatchers: number;
  readonly slowReaderP99Ratio: number;
  readonly slowReaderP99Ms: number;
  readonly reserveP99Ratio: number;
  readonly reserveP99Ms: number;
  readonly resumeMs: number;
}

const DEALERS = 350;
const FEW = 100;
const UNREAD = 100;
const IDLE = 1_000;
const TURN_MS = 2_000;
const CHANGES = { callsPerSecond: 1_000, durationMs: TURN_MS };
/** Orders of 17 lines: each warehouse changes 20 times a second, as often as watchers are told of it by default. */
const FOR_FEW = { callsPerSecond: 60, burstMs: 50, durationMs: TURN_MS };
/** The same messages, fewer times: so many watchers would leave the machine no time for themselves. */
const FOR_MANY = { callsPerSecond: 12, burstMs: 250, durationMs: TURN_MS };
const WRITES_EVERY_MS = 50;

export function measureWatch(run: WatchRun): Promise<WatchResults> {
  const { dataFolders: folders } = run;
  run.progress("watch: starting servers and their watchers");
  return withWatchedServer(folders, { watchers: 0 }, (unwatched) =>
    withWatchedServer(folders, { watchers: DEALERS, dealers: 2 * IDLE }, (watched) =>
      withWatchedServer(folders, { watchers: DEALERS, unread: UNREAD }, (slowed) =>
        withWatchedServer(folders, { watchers: FEW }, (few) =>
          withWatchedServer(folders, { watchers: run.watchersMax }, (many) =>
            measureParties(run, { unwatched, watched, slowed, few, many }),
          ),
        ),
      ),
    ),
  );
}

type Parties = Readonly<Record<"unwatched" | "watched" | "slowed" | "few" | "many", WatchedServer>>;

async function measureParties(run: WatchRun, parties: Parties): Promise<WatchResults> {
  run.progress("watch: warming up");
  for (const party of Object.values(parties)) await takeWatchTurn(party, party.single, CHANGES);
  const rounds: Round[] = [];
  for (let round = 1; round <= run.rounds; round++) {
    run.progress(`watch: round ${round} of ${run.rounds}`);
    rounds.push(await takeRound(parties));
  }
  const messageBytes = Math.round(median(rounds.map(({ watched }) => watched.bytes / watched.deliveries)));
  run.progress(`watch: bare writes of ${messageBytes} bytes`);
  const echoCpuMicrosPerWrite = await measureWrites(messageBytes, run.rounds);
  run.progress("watch: resuming");
  const resumeMs = await measureResume(parties.watched, run.rounds);
  run.progress("watch: idle sessions");
  const bytesPerIdleSession = await measureIdle(parties.watched);
  return {
    ...summary(rounds),
    echoCpuMicrosPerWrite,
    bytesPerMessage: messageBytes,
    resumeMs,
    bytesPerIdleSession,
    growthWatchers: run.watchersMax,
  };
}

type Round = Readonly<Record<keyof Parties | "unwatchedWide", WatchTurn>>;

async function takeRound({ unwatched, watched, slowed, few, many }: Parties): Promise<Round> {
  return {
    unwatched: await takeWatchTurn(unwatched, unwatched.single, CHANGES),
    watched: await takeWatchTurn(watched, watched.single, CHANGES),
    slowed: await takeWatchTurn(slowed, slowed.single, CHANGES),
    unwatchedWide: await takeWatchTurn(unwatched, unwatched.wide, FOR_FEW),
    few: await takeWatchTurn(few, few.wide, FOR_FEW),
    many: await takeWatchTurn(many, many.wide, FOR_MANY),
  };
}

type Summary = Omit<
  WatchResults,
  "echoCpuMicrosPerWrite" | "bytesPerMessage" | "resumeMs" | "bytesPerIdleSession" | "growthWatchers"
>;

function summary(rounds: readonly Round[]): Summary {
  const each = (of: (round: Round) => number) => median(rounds.map(of));
  const p99 = (times: readonly number[]) => percentile(times, 99);
  const slowReaderP99Ms = each(({ slowed }) => p99(slowed.delaysMs));
  const p99Ms = each(({ watched }) => p99(watched.delaysMs));
  const reserveP99Ms = each(({ watched }) => p99(watched.waitsMs));
  return {
    deliveriesPerSecond: each(({ watched }) => (watched.deliveries / watched.durationMs) * 1_000),
    p50Ms: each(({ watched }) => percentile(watched.delaysMs, 50)),
    p99Ms,
    cpuMicrosPerDelivery: each(({ watched, unwatched }) => cpuMicrosPerDelivery(watched, unwatched)),
    growthRatio:
      each(({ many, unwatchedWide }) => cpuMicrosPerDelivery(many, unwatchedWide)) /
      each(({ few, unwatchedWide }) => cpuMicrosPerDelivery(few, unwatchedWide)),
    slowReaderP99Ms,
    slowReaderP99Ratio: slowReaderP99Ms / p99Ms,
    reserveP99Ms,
    reserveP99Ratio: reserveP99Ms / each(({ unwatched }) => p99(unwatched.waitsMs)),
  };
}

/** Processor time of a bare grpc-js server for each write of so many bytes, to as many streams as there are dealers. */
async function measureWrites(messageBytes: number, rounds: number): Promise<number> {
  const server = await ServerProcess.start({ kind: "writer", dataFolder: "" });
  const dealerIds = Array.from({ length: DEALERS }, (_, at) => dealerName(at));
  const options = { port: server.port, dealerIds, stocks: 0, sampledEvery: DEALERS, isReading: true, isBlind: true };
  const readers = await Watchers.start(options);
  try {
    await readers.open();
    const [connection] = await server.connect(1);
    const asked = { messageBytes, everyMs: WRITES_EVERY_MS, times: TURN_MS / WRITES_EVERY_MS };
    await askForWrites(connection!, asked);
    const micros: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await comeToRest(server);
      await readers.begin();
      const before = readProcessCpu(server.pid);
      await askForWrites(connection!, asked);
      await comeToRest(server);
      const { totalMs } = readProcessCpu(server.pid);
      micros.push(((totalMs - before.totalMs) / (await readers.counted()).deliveries) * 1_000);
    }
    return median(micros);
  } finally {
    readers.stop();
    await server.kill();
  }
}

/** From nobody connected to all of them exact, each from its cursor, after changes that they did not hear of. */
async function measureResume(party: WatchedServer, rounds: number): Promise<number> {
  const watchers = party.watchers!;
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await watchers.close();
    await party.single.run({ callsPerSecond: 1_000, isOver: (elapsedMs) => elapsedMs >= 500 });
    await comeToRest(party.server);
    const figures = await party.figures();
    const startedAtMs = performance.now();
    await watchers.open();
    await watchers.untilExact(figures);
    times.push(performance.now() - startedAtMs);
  }
  return median(times);
}

/** Resident memory for each further session that has its snapshot and is told nothing, a connection for each. */
async function measureIdle({ server, figures }: WatchedServer): Promise<number> {
  const opened: Watchers[] = [];
  const open = async (first: number) => {
    const dealerIds = Array.from({ length: IDLE }, (_, at) => dealerName(first + at));
    const options = {
      port: server.port,
      dealerIds,
      stocks: STOCKS,
      sampledEvery: IDLE,
      isReading: true,
      isBlind: false,
    };
    const watchers = await Watchers.start(options);
    opened.push(watchers);
    await watchers.open();
    const known = await figures();
    await watchers.untilExact(known.map((_, at) => known[(first + at) % known.length]!));
    await sleep(1_000);
    await comeToRest(server);
    return readResidentMemory(server.pid).residentMb;
  };
  try {
    // The first ones make room in the heap that others use.
    const before = await open(DEALERS);
    return ((await open(DEALERS + IDLE)) - before) * (2 ** 20 / IDLE);
  } finally {
    for (const watchers of opened) watchers.stop();
  }
}
