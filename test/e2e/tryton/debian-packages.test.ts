/** Packages are installed by an apt-get of the test's own, so that nothing of this machine changes. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { installDebianPackages } from "./debian-packages.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-apt-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** An apt-get that notes how it was called, then runs these lines with the command as $command. */
async function aptGet(...lines: string[]): Promise<string> {
  const path = join(folder, "apt-get");
  const note = [
    'for word; do case "$word" in update|install) command=$word;; --download-only) only=" only";; esac; done',
    `echo "$command$only $DEBIAN_FRONTEND" >> ${join(folder, "calls")}`,
  ];
  await writeFile(path, `#!/bin/sh\n${[...note, ...lines].join("\n")}\n`);
  await chmod(path, 0o755);
  return path;
}

const calls = async () => (await readFile(join(folder, "calls"), "utf8")).trim().split("\n");

test("what can be downloaded is installed, and nobody is asked anything", async () => {
  expect(await installDebianPackages(["one", "two"], { aptGet: await aptGet(), isRoot: true })).toBeUndefined();
  expect(await calls()).toEqual(["install only noninteractive", "install noninteractive"]);
});

test("lists of packages that are too old are fetched anew", async () => {
  const listed = join(folder, "listed");
  const program = await aptGet(`[ "$command" = update ] && touch ${listed}`, `[ -e ${listed} ]`);
  expect(await installDebianPackages(["one"], { aptGet: program, isRoot: true })).toBeUndefined();
  expect(await calls()).toEqual(
    ["install only", "update", "install only", "install"].map((call) => `${call} noninteractive`),
  );
});

test("without a network it is said why, and nothing is unpacked", async () => {
  const program = await aptGet("echo 'E: Unable to fetch some archives' >&2", "exit 100");
  const failure = await installDebianPackages(["one"], { aptGet: program, isRoot: true });
  expect(failure).toBe(`${program} update ended with 100: E: Unable to fetch some archives`);
  expect(await calls()).toEqual(["install only noninteractive", "update noninteractive"]);
});

test("one that hangs is ended with what it started", async () => {
  const program = await aptGet("sleep 600 & echo $! > $0.child", "wait");
  const failure = await installDebianPackages(["one"], { aptGet: program, isRoot: true, timeoutMs: 300 });
  expect(failure).toBe(`${program} update took longer than 0.3 s`);
  const child = Number(await readFile(`${program}.child`, "utf8"));
  await expect.poll(() => isRunning(child), { timeout: 10_000 }).toBe(false);
});

test("without root, or without apt-get, nothing is tried", async () => {
  expect(await installDebianPackages(["one"], { isRoot: false })).toBe("only root may install packages");
  const missing = join(folder, "none");
  expect(await installDebianPackages(["one"], { aptGet: missing, isRoot: true })).toContain("ENOENT");
});

/** Whether the process works on; one that ended and was not waited for does not. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return status !== "" && !/\) [ZX] /.test(status);
}
