/** What happens to a world from outside: crashes, stalls, jumping clocks, full disks, damaged pages, backups. One chance in each step. */
import { Finding } from "./simulation-context.js";
import type { World } from "./world.js";
import { ANSWERS_FEW } from "./world-settings.js";

const HOUR_MS = 3_600_000;

export class Misfortunes {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Lets the step's misfortune happen, if there is one. */
  async strike(): Promise<boolean> {
    const { faults, random } = this.#world;
    const strikes = (perThousand: number) => perThousand > 0 && random.below(1000) < perThousand;
    // A crash in the middle of something is worth more than one in silence.
    const { disk } = this.#world;
    const weight = disk.isBusyWith("/CHECKPOINT.new") ? 20 : disk.isBusyWith(".seg") ? 4 : 1;
    const crash = faults.crash * weight;
    if (strikes(crash)) await this.#world.crash();
    else if (strikes(faults.kill)) await this.#world.kill();
    else if (strikes(faults.stop)) this.#world.stop();
    else if (strikes(faults.stall)) this.#stall();
    else if (strikes(faults.wallJump)) this.#jumpWall();
    else if (strikes(faults.pageDamage)) this.#world.pages.damageOne();
    else if (strikes(faults.noSpace)) this.#fillDisk();
    else if (strikes(faults.backup)) this.#world.backUp();
    else return false;
    return true;
  }

  #stall(): void {
    const { time, random, coverage } = this.#world;
    coverage.count("process: a long stall");
    time.stall(1_000 * random.pick([20, 500, 30_000, 1_000_000]));
  }

  #jumpWall(): void {
    const { time, random, coverage } = this.#world;
    // Where the memory of requests comes to its bound, the oracle cannot say when it has room again: none is to be forgotten there.
    const isBounded = this.#world.settings.answersMax === ANSWERS_FEW;
    const longMs = isBounded ? HOUR_MS : random.pick([30 * HOUR_MS, 8 * 24 * HOUR_MS]);
    const byMs = random.pick([50, 3_000, HOUR_MS, longMs]) + random.below(1_000);
    const isForward = random.chance(0.5);
    coverage.count(isForward ? "clock: the wall clock jumped forward" : "clock: the wall clock jumped back");
    time.jumpWall(isForward ? byMs : -byMs);
  }

  /** For a while there is no space, and the guard may notice. */
  #fillDisk(): void {
    const { random, time } = this.#world;
    this.#world.isDiskFull = true;
    time.in(random.below(20_000), () => {
      if (this.#world.isDiskFull) this.#world.node?.engine.setShortOfSpace(0);
    });
    time.in(20_000 + random.below(1_000_000), () => this.relieveDisk());
  }

  relieveDisk(): void {
    this.#world.isDiskFull = false;
    this.#world.node?.engine.setShortOfSpace(undefined);
  }
}

/** Waits for something that has to come by itself. */
export async function expectSoon(world: World, isDone: () => boolean, what: string): Promise<void> {
  const isInTime = await world.time.until(isDone, 60_000_000);
  world.check();
  if (!isInTime) throw new Finding(`after a minute without faults: ${what}`);
}
