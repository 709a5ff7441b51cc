/** One run: a world from its seed, `steps` moves, an end without faults, the same for one of its backups, and the digest of it all. */
import { AvailabilityViewers, type WatchCounts } from "./availability-viewers.js";
import type { SimulatedBackup } from "./backups.js";
import { Callers } from "./callers.js";
import type { Coverage } from "./coverage.js";
import { endWell, publishedStocks } from "./ending.js";
import { ErpFeed } from "./erp-feed.js";
import { expectSoon, Misfortunes } from "./misfortunes.js";
import { Operators } from "./operators.js";
import { OrderConsumers } from "./order-consumers.js";
import { restoredWorld, tryDamaged } from "./restored-world.js";
import { Finding } from "./simulation-context.js";
import { Watcher } from "./watcher.js";
import { type Seams, World } from "./world.js";

/** Published figures are looked at every so many steps. */
const LOOK_EVERY = 4;
/** Moves of a world that was restored from a backup. */
const STEPS_RESTORED = 120;
/** Moves of callers whose effect is watched in calm water. */
const MOVES_WATCHED = 40;

export interface RunOptions {
  readonly seed: number;
  readonly steps: number;
  readonly seams?: Seams;
  /** With those who watch availability, who count here what they met. Their timers make the history of a seed another one. */
  readonly watchCounts?: WatchCounts;
}

export interface RunResult {
  readonly digest: string;
  readonly decisions: number;
  /** Everything that happened: I/O that came back, timers, turns. */
  readonly events: number;
  readonly coverage: Coverage;
}

/** Who talks to the service. */
interface People {
  readonly callers: Callers;
  readonly feeds: readonly [ErpFeed, ErpFeed];
  readonly consumers: OrderConsumers;
  readonly viewers?: AvailabilityViewers;
}

/** A run that found something, and the command that shows it again. */
export class RunFailed extends Error {
  override readonly name = "RunFailed";
  constructor(
    options: RunOptions,
    readonly trace: readonly string[],
    cause: unknown,
  ) {
    const what = cause instanceof Finding ? cause.message : `${(cause as Error).stack}`;
    super(`${what}\n  replay: npm run sim -- --seed ${options.seed} --steps ${options.steps}`, { cause });
  }
}

/** Plays a world to its end. Rejects with RunFailed at the first thing that must not be. */
export async function runWorld(options: RunOptions): Promise<RunResult> {
  const world = new World(options.seed, options.seams);
  try {
    await play(world, options);
  } catch (cause) {
    throw new RunFailed(options, world.trace, cause);
  }
  const { calls, time, coverage } = world;
  return { digest: world.digest(), decisions: calls.decisions, events: time.events, coverage };
}

async function play(world: World, { steps, watchCounts }: RunOptions): Promise<void> {
  const { random } = world;
  const callers = new Callers(world);
  const feeds = [new ErpFeed(world, "erp", callers), new ErpFeed(world, "wms", callers)] as const;
  await begin(world, async () => {
    callers.begin();
    feeds[0].begin();
    await world.time.advance(100_000);
  });
  const consumers = new OrderConsumers(world);
  const viewers = watchCounts && { viewers: new AvailabilityViewers(world, watchCounts) };
  const people = { callers, feeds, consumers, ...viewers };
  await move(world, steps, people);
  await endWell(world, feeds);
  await consumers.settle();
  await watchInCalm(world, people);
  const backups = world.backups.whole();
  if (backups.length === 0) return;
  await tryDamaged(world, random.pick(backups));
  await playAgain(world, random.pick(backups), people, watchCounts);
}

/** The service is restored from a backup, and callers and ERPs go on with it as they would. */
async function playAgain(
  before: World,
  backup: SimulatedBackup,
  people: People,
  watchCounts: WatchCounts | undefined,
): Promise<void> {
  const world = await restoredWorld(before, backup);
  const callers = new Callers(world, people.callers);
  const [erp, wms] = people.feeds;
  const feeds = [new ErpFeed(world, "erp", callers, erp), new ErpFeed(world, "wms", callers, wms)] as const;
  await begin(world, async () => {});
  const consumers = new OrderConsumers(world, people.consumers);
  const viewers = watchCounts && { viewers: new AvailabilityViewers(world, watchCounts, people.viewers) };
  const again = { callers, feeds, consumers, ...viewers };
  await move(world, STEPS_RESTORED, again);
  await endWell(world, feeds);
  await consumers.settle();
  await watchInCalm(world, again);
}

/** Once everybody knows what is there, it changes before their eyes. */
async function watchInCalm(world: World, { viewers, callers }: People): Promise<void> {
  if (viewers === undefined) return;
  await viewers.settle();
  for (let move = 0; move < MOVES_WATCHED; move++) {
    callers.move();
    await world.time.advance(world.random.below(2 * world.faults.paceUs));
  }
  await viewers.settle();
}

async function move(world: World, steps: number, { callers, feeds, consumers, viewers }: People): Promise<void> {
  const { random } = world;
  const misfortunes = new Misfortunes(world);
  const watcher = new Watcher();
  const operators = new Operators(world, callers);
  for (let step = 0; step < steps; step++) {
    await world.time.advance(pause(world, feeds));
    world.check();
    if (step % LOOK_EVERY === 0) look(world, watcher);
    consumers.move();
    viewers?.move();
    if (await misfortunes.strike()) continue;
    if (random.below(1000) < world.faults.outage) goAway(world, feeds);
    if (world.isDown) await world.startAgain();
    else if (random.chance(0.12)) operators.move();
    else if (random.chance(0.2)) (random.chance(0.8) ? feeds[0] : feeds[1]).move();
    else callers.move();
  }
  world.check();
}

/** So long that a source may be lost by it. */
function outageUs({ settings }: World): number {
  return 1_000 * Math.min(20_000, settings.sourceThresholds.staleAfterMs);
}

/** One ERP or both, for shorter or for longer than it takes to be lost. */
function goAway(world: World, feeds: People["feeds"]): void {
  const { random } = world;
  if (feeds.some((feed) => feed.isAway)) return;
  const durationUs = Math.ceil((outageUs(world) * (2 + random.below(30))) / 6);
  for (const feed of feeds) if (random.chance(0.7)) feed.goAway(durationUs);
}

function look(world: World, watcher: Watcher): void {
  if (world.node === undefined) return;
  for (const { warehouseId, figures } of publishedStocks(world)) watcher.see(warehouseId, figures);
}

/** Moves come in bunches, with a longer silence now and then. */
function pause(world: World, feeds: People["feeds"]): number {
  const { random, faults } = world;
  if (random.chance(0.3)) return 0;
  if (feeds.some((feed) => feed.isAway)) return random.below(outageUs(world) / 30);
  if (random.chance(0.01)) return random.below(2_000_000);
  return random.below(faults.paceUs * 2);
}

/** The first start goes well; what comes then need not. */
async function begin(world: World, first: () => Promise<void>): Promise<void> {
  const { faults } = world;
  world.faults = { ...faults, diskError: 0, pageError: 0, timerFault: 0 };
  world.start();
  await expectSoon(world, () => world.node !== undefined, "the service does not serve for the first time");
  await first();
  world.faults = faults;
}
