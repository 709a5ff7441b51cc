/**
 * A bug put into the service on purpose, to see that the simulation finds it. It is planted from outside, by replacing one module
 * or by standing between the service and what it is given; the program has no switch for it.
 */
import { vi } from "vitest";
import type { Seams } from "../world.js";

export interface DeliberateBug {
  readonly name: string;
  /** What a message says that is about this bug. */
  readonly shows: RegExp;
  /** It is found within this many seeds, from the first on. */
  readonly seeds: number;
  /** It shows to those who watch availability. */
  readonly isWatched?: true;
  /** Replaces modules; what it returns stands around what the service is given. */
  plant(): Seams;
}

const STEPS = 400;

/** How a bug was found. */
export interface Find {
  readonly seed: number;
  readonly message: string;
}

/** Plays worlds with the bug until one finds it; undefined where none does. */
export async function findBug(bug: DeliberateBug): Promise<Find | undefined> {
  vi.resetModules();
  const seams = bug.plant();
  const watched = bug.isWatched ? { watchCounts: new Map() } : {};
  try {
    const { runWorld } = await import("../run-world.js");
    for (let seed = 1; seed <= bug.seeds; seed++) {
      try {
        await runWorld({ seed, steps: STEPS, seams, ...watched });
      } catch (cause) {
        return { seed, message: (cause as Error).message };
      }
    }
    return undefined;
  } finally {
    for (const path of PLANTED.splice(0)) vi.doUnmock(path);
    vi.resetModules();
  }
}

const PLANTED: string[] = [];

/** Replaces some exports of a module of src, named by its path there. */
export function replaceIn<M extends object>(path: string, replace: (original: M) => Partial<M>): void {
  const module = `../../../src/${path}`;
  PLANTED.push(module);
  vi.doMock(module, async (importOriginal) => {
    const original = await importOriginal<M>();
    return { ...original, ...replace(original) };
  });
}
