/** A start that cannot be made from its configuration: each source and each kind of mistake ends it with 2, named in full, before anything is touched. */
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ended, runServe } from "./running-server.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-configuration-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Mistake {
  readonly file?: string;
  readonly variables?: NodeJS.ProcessEnv;
  readonly flags?: readonly string[];
}

/** Starts with these settings; nothing may have been made of the data folder. */
async function startWith({ file, variables = {}, flags = [] }: Mistake): Promise<Ended> {
  const data = join(folder, "data");
  const path = join(folder, "holdfast.yaml");
  if (file !== undefined) await writeFile(path, file);
  const config = file === undefined ? [] : ["--config", path];
  const ended = await runServe(["--data", data, ...config, ...flags], variables);
  await expect(access(data)).rejects.toMatchObject({ code: "ENOENT" });
  return ended;
}

/** Each names the key, where it stands, the value, and what is allowed. */
test.each<[string, Mistake, RegExp]>([
  [
    "an unknown variable",
    { variables: { HOLDFAST_LISTN: "x" } },
    /HOLDFAST_LISTN = 'x': there is no such key; allowed: .*HOLDFAST_LISTEN/,
  ],
  [
    "a bad value of a variable",
    { variables: { HOLDFAST_SHUTDOWN_GRACE: "soon" } },
    /shutdown\.grace \(from HOLDFAST_SHUTDOWN_GRACE\) = 'soon': .*allowed: a duration such as .*from 0s to 9s/,
  ],
  [
    "an unknown key of the file",
    { file: "dealer: {}" },
    /dealer \(from .*holdfast\.yaml\) = \{\}: there is no such key; allowed: .*dealers/,
  ],
  [
    "an unknown key of a section of the file",
    { file: "journal:\n  segmentBites: 1MiB" },
    /journal\.segmentBites \(from .*holdfast\.yaml\) = '1MiB': there is no such key; allowed: segmentBytes/,
  ],
  [
    "a bad value of the file",
    { file: "journal:\n  segmentBytes: 1KiB" },
    /journal\.segmentBytes \(from .*holdfast\.yaml\) = '1KiB': .*allowed: bytes, or a size such as .*from 1MiB to 1GiB/,
  ],
  [
    "a bad value of the file that a variable overrides",
    { file: "log: {level: loud}", variables: { HOLDFAST_LOG_LEVEL: "warn" } },
    /log\.level \(from .*holdfast\.yaml\) = 'loud': .*allowed: one of trace, debug, info/,
  ],
  [
    "a file that is no YAML",
    { file: "listen: [" },
    /config \(from --config\) = '.*holdfast\.yaml': .*YAML or JSON file/,
  ],
  [
    "a file that is not there",
    { flags: ["--config", "/nowhere/at/all.yaml"] },
    /config \(from --config\) = '\/nowhere\/at\/all\.yaml': .*allowed: .*that can be read.*ENOENT/,
  ],
  [
    "a bad value of a flag",
    { flags: ["--listen", "nowhere"] },
    /listen \(from --listen\) = 'nowhere': .*allowed: HOST:PORT with a port from 0 to 65535/,
  ],
  ["an unknown flag", { flags: ["--prot", "7420"] }, /unknown option '--prot'.*--help/s],
])("%s", async (_, mistake, message) => {
  const { code, said } = await startWith(mistake);
  expect(said).toMatch(message);
  expect(code).toBe(2);
});

test("all mistakes are named at once", async () => {
  const { code, said } = await startWith({
    file: "log: {format: xml}",
    variables: { HOLDFAST_INBOX_COMMANDS_MAX: "0", HOLDFAST_COLOUR: "red" },
    flags: ["--listen", "[::1]:99999"],
  });
  for (const key of ["log.format", "inbox.commandsMax", "HOLDFAST_COLOUR", "listen"]) expect(said).toContain(key);
  expect(code).toBe(2);
});
