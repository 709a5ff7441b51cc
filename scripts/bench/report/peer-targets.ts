/** What the race against PostgreSQL and Redis is held to, by the names of the output. */
import type { Target } from "./targets.js";

const atLeast = (name: string, value: number): Target => ({ name, bound: "at least", value });

export const peerTargets: readonly Target[] = [
  atLeast("peers.postgres.hot.ratio", 8),
  atLeast("peers.postgres.spread.ratio", 3.5),
  atLeast("peers.redis.hot.ratio", 1.4),
  atLeast("peers.redis.spread.ratio", 1.4),
  atLeast("peers.redis.zipf.ratio", 1.4),
  atLeast("peers.redis.stream.ratio", 2.5),
];
