/** One run: a world from its seed, `steps` moves, the end without faults, and the digest of it all. */
import type { Coverage } from "./coverage.js";
import { RandomRequests } from "./oracle/random-requests.js";
import { type Seams, World } from "./world.js";

export interface RunOptions {
  readonly seed: number;
  readonly steps: number;
  readonly seams?: Seams;
}

export interface RunResult {
  readonly digest: string;
  readonly steps: number;
  readonly decisions: number;
  readonly events: number;
  readonly coverage: Coverage;
}

export async function runWorld(options: RunOptions): Promise<RunResult> {
  const world = new World(options.seed, options.seams);
  const { random, faults } = world;
  const requests = new RandomRequests(random);
  world.start();
  try {
    for (let step = 0; step < options.steps; step++) {
      await world.time.advance(random.chance(0.3) ? 0 : random.below(faults.paceUs * 2));
      world.check();
      if (random.chance(faults.crash / 1000)) await world.crash();
      else if (random.chance(faults.kill / 1000)) await world.kill();
      else if (random.chance(faults.stop / 1000)) world.stop();
      else if (world.isDown) world.start();
      else {
        const request = requests.next();
        world.calls.ask(world.node, request, (told) => {
          if (told.kind === "answered") requests.learn(request, told.value);
        });
      }
    }
    world.check();
  } catch (cause) {
    throw new Error(
      `seed ${options.seed}, steps ${options.steps}: ${(cause as Error).message}\n${world.trace.slice(-30).join("\n")}`,
      { cause },
    );
  }
  return {
    digest: world.digest(),
    steps: options.steps,
    decisions: world.calls.decisions,
    events: world.time.events,
    coverage: world.coverage,
  };
}
