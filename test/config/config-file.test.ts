import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { errorOf, fileOf, load, loadFile } from "./config-folder.js";

function problemsOf(content: string, ending?: string) {
  return errorOf(() => loadFile(content, ending)).problems;
}

describe("what a file may be", () => {
  test("JSON, indented by tabs", () => {
    const json = JSON.stringify({ listen: "a:1", dealers: { requireKnown: true } }, null, "\t");
    expect(loadFile(json, "json")).toMatchObject({ listen: "a:1", dealers: { requireKnown: true } });
  });

  test.each([
    ["an empty file", ""],
    ["comments alone", "# listen: a:1\n"],
    ["an empty mapping", "{}"],
    ["a section whose keys are all comments", "log:\n  # level: debug\n"],
  ])("%s sets nothing", (_title, content) => {
    expect(loadFile(content)).toEqual(load());
  });

  test("a byte order mark before it", () => {
    expect(loadFile("\uFEFFdata: marked").data).toBe("marked");
  });

  test("an anchor used again", () => {
    expect(loadFile("residency: {stocksMax: &n 300, reservationsMax: *n}").residency).toEqual({
      stocksMax: 300,
      reservationsMax: 300,
    });
  });
});

describe("a file that cannot be read", () => {
  test.each([
    ["is not there", () => join(tmpdir(), "holdfast-no-such-file.yaml"), "ENOENT"],
    ["is a folder", () => tmpdir(), "EISDIR"],
    ["has an empty name", () => "", "ENOENT"],
    ["is not YAML", () => fileOf("listen: [a"), "at line 1"],
    ["has a key twice", () => fileOf("data: a\ndata: b"), "unique at line 2"],
    ["has two documents", () => fileOf("data: a\n---\ndata: b"), "multiple documents"],
    ["has a tag that nobody knows", () => fileOf("data: !secret a"), "!secret"],
    ["has an alias to nothing", () => fileOf("data: *a"), "alias"],
    ["has aliases that multiply", () => fileOf(manyAliases()), "alias"],
  ])("one that %s is named, with the reason", (_title, make, reason) => {
    const file = make();
    for (const [source, sources] of [
      ["--config", { flags: { config: file } }],
      ["HOLDFAST_CONFIG", { env: { HOLDFAST_CONFIG: file } }],
    ] as const) {
      const error = errorOf(() => load(sources));
      expect(error.problems.map(({ key, source, value }) => ({ key, source, value }))).toEqual([
        { key: "config", source, value: file },
      ]);
      expect(error.message).toContain("the path of a YAML or JSON file");
      expect(error.message.toLowerCase()).toContain(reason.toLowerCase());
      expect(error.cause).toBeInstanceOf(Error);
    }
  });

  test.each(["[1, 2]", "text", "7"])("%s instead of sections and keys is refused", (content) => {
    expect(problemsOf(content)).toMatchObject([{ key: "the whole file", kind: "value" }]);
  });
});

describe("keys", () => {
  test.each([
    ["an unknown one", "lisen: a:1", "lisen", "listen, data, http, dealers, log,"],
    ["an unknown one in a section", "log: {levle: info}", "log.levle", "level, format"],
    ["a dotted one", "dealers.requireKnown: true", "dealers.requireKnown", "dealers as a section"],
    ["one that is unknown below a value's key", "log: {level.x: 1}", "log.level.x", "level, format"],
    ["one of another case", "Data: x", "Data", "listen, data"],
    ["an inherited one", "toString: x", "toString", "listen, data"],
    ["the prototype", "__proto__: {listen: 'a:1'}", "__proto__", "listen, data"],
    ["an empty one", "'': x", "", "listen, data"],
    ["the parsed name of a duration", "shutdown: {graceMs: 1}", "shutdown.graceMs", "grace"],
  ])("%s is refused with what may stand there", (_title, content, key, allowed) => {
    const problems = problemsOf(content);
    expect(problems).toMatchObject([{ key, kind: "unknown" }]);
    expect(problems[0]?.allowed).toContain(allowed);
  });

  test("a message for one names key, file, value and what is allowed", () => {
    const config = fileOf("log: {levle: info}");
    const { message } = errorOf(() => load({ flags: { config } }));
    expect(message).toBe(`log.levle (from ${config}) = 'info': there is no such key; allowed: level, format`);
  });

  test("a plain value in place of a section is refused", () => {
    expect(problemsOf("log: info")).toMatchObject([
      { key: "log", value: "info", kind: "value", allowed: "a section with level, format" },
    ]);
  });

  test("a list in place of a section is refused", () => {
    expect(problemsOf("log: [level]")).toMatchObject([{ key: "log", kind: "value" }]);
  });
});

describe("values", () => {
  test.each([
    ["a section", "listen: {host: a}"],
    ["a list", "listen: [a]"],
    ["nothing", "listen:"],
    ["a number", "listen: 7420"],
    ["a section that holds itself", "listen: &a {listen: *a}"],
  ])("%s in place of an address is refused by key", (_title, content) => {
    expect(problemsOf(content)).toMatchObject([{ key: "listen", kind: "value" }]);
  });

  test.each([
    ["a duration without a unit", "shutdown: {grace: 8}", "shutdown.grace"],
    ["a fraction", "inbox: {commandsMax: 1.5}", "inbox.commandsMax"],
    ["infinity", "inbox: {commandsMax: .inf}", "inbox.commandsMax"],
    ["a boolean in other words", "dealers: {requireKnown: yes}", "dealers.requireKnown"],
    ["a boolean as a number", "dealers: {requireKnown: 1}", "dealers.requireKnown"],
  ])("%s is refused", (_title, content, key) => {
    expect(problemsOf(content)).toMatchObject([{ key, kind: "value" }]);
  });

  test("numbers may be plain or text", () => {
    expect(loadFile("inbox: {commandsMax: 17}").inbox.commandsMax).toBe(17);
    expect(loadFile("inbox: {commandsMax: '17'}").inbox.commandsMax).toBe(17);
    expect(loadFile("journal: {segmentBytes: 1048576}").journal.segmentBytes).toBe(1_048_576);
  });
});

/** Nine levels, each of nine times the one before: small to write, too large to hold. */
function manyAliases(): string {
  const levels = Array.from({ length: 9 }, (_, at) => {
    const inner = at === 0 ? "x" : `*l${at - 1}`;
    return `l${at}: &l${at} [${Array(9).fill(inner).join(", ")}]`;
  });
  return levels.join("\n");
}
