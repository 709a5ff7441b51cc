/**
 * Every file of a data folder, every kind of damage: the right state is served, or the start is refused and names what is damaged.
 * `npm run damage` does more of them, and prints the table of outcomes that stands in docs/durability.md.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chosenSeed, SeededRandom } from "../journal/seeded-random.js";
import { copyOf, makeSubjects, type Subject } from "./damage-subject.js";
import { type Damage, damagesTo, fileKind, inflict } from "./damages.js";
import { OutcomeTable } from "./outcome-table.js";
import { ServedFolder } from "./served-state.js";

const FLIPS = Number(process.env.HOLDFAST_TEST_FLIPS ?? 260);

let root = "";
let subjects: readonly Subject[] = [];
const table = new OutcomeTable();

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "holdfast-damage-"));
  subjects = await makeSubjects(root);
});
afterAll(async () => {
  process.stdout.write(`${table.text()}\n`);
  await rm(root, { recursive: true, force: true });
});

/** What a start on a damaged copy came to; throws where it came to something wrong. */
async function outcomeOf(subject: Subject, folder: string, damage: Damage): Promise<string> {
  let served: ServedFolder;
  try {
    served = await ServedFolder.open(folder);
  } catch (cause) {
    const named = namesOf(cause);
    const file = basename(damage.path);
    const place = damage.path.split("/").at(-2) ?? "";
    if (named.includes(file) || named.includes(`/${place}`)) return "refused, named";
    throw new Error(`refused without naming ${damage.path}: ${named}`, { cause });
  }
  try {
    const state = await served.state();
    if (!isDeepStrictEqual(state, subject.state)) throw new Error("WRONG STATE SERVED");
    return served.warnings.length > 0 ? "right, made anew" : "right";
  } finally {
    await served.stop();
  }
}

function namesOf(cause: unknown): string {
  const messages: string[] = [];
  for (let error = cause; error instanceof Error; error = error.cause) messages.push(error.message);
  return messages.join(" <- ");
}

test.each(["after a kill", "after a clean stop"])(
  "%s: damage anywhere is repaired, harmless, or refused by name",
  { timeout: 600_000 },
  async (name) => {
    const seed = chosenSeed();
    const subject = subjects.find((each) => each.name === name)!;
    expect(subject.files.map(({ path }) => fileKind(path))).toEqual(
      expect.arrayContaining(["journal segment", "image", "level/ (LevelDB)", "CHECKPOINT", "FORMAT", "WITNESS"]),
    );
    const wrong: string[] = [];
    for (const damage of damagesTo(subject, new SeededRandom(seed), FLIPS)) {
      const copy = await copyOf(subject, join(root, "copy"));
      await inflict(copy, damage);
      try {
        table.count(damage, await outcomeOf(subject, copy, damage));
      } catch (cause) {
        table.count(damage, "WRONG");
        wrong.push(`${JSON.stringify(damage)}: ${(cause as Error).message}`);
      }
      await rm(copy, { recursive: true });
    }
    expect(wrong, `with HOLDFAST_TEST_SEED=${seed}`).toEqual([]);
  },
);
