import type { SeededRandom } from "./seeded-random.js";

/** What a crash leaves of what was not durable. */
export interface Survival {
  /** The parts of an unsynced write that are on the disk, as ranges of its bytes. */
  bytesOf(write: { readonly path: string; readonly length: number }): readonly (readonly [number, number])[];
  /** Whether a change of names that was not synced is on the disk. */
  keepsName(): boolean;
}

export const NOTHING_SURVIVES: Survival = { bytesOf: () => [], keepsName: () => false };
export const EVERYTHING_SURVIVES: Survival = { bytesOf: ({ length }) => [[0, length]], keepsName: () => true };

/** The first bytes of each write survive, and every name. */
export function firstBytesSurvive(bytes: number): Survival {
  return { bytesOf: ({ length }) => [[0, Math.min(bytes, length)]], keepsName: () => true };
}

/** Each write survives whole, not at all, up to a byte, or in some of its sectors; names survive or not. */
export function randomSurvival(random: SeededRandom): Survival {
  return {
    bytesOf({ length }) {
      switch (random.below(4)) {
        case 0:
          return [];
        case 1:
          return [[0, length]];
        case 2:
          return [[0, random.below(length + 1)]];
        default: {
          const sectors = Array.from({ length: Math.ceil(length / 512) }, (_, index) => index * 512);
          return sectors
            .filter(() => random.chance(0.5))
            .map((start) => [start, Math.min(length, start + 512)] as const);
        }
      }
    },
    keepsName: () => random.chance(0.5),
  };
}
