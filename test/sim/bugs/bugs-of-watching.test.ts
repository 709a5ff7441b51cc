/** The simulation is tested: it finds each of these bugs, and finds nothing where there is none. */
import { expect, test } from "vitest";
import { BUGS_OF_WATCHING } from "./bugs-of-watching.js";
import { findBug } from "./deliberate-bug.js";

test.each(BUGS_OF_WATCHING)("$name: found within $seeds seeds", { timeout: 300_000 }, async (bug) => {
  const find = await findBug(bug);
  expect(find?.message).toMatch(bug.shows);
});
