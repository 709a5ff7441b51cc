/** Imports point one way: domain ◀ journal ◀ snapshots ◀ actor ◀ {images, availability, erp, outcomes, operations, api} ◀ compose ◀ cli. */
import { expect, test } from "vitest";
import { ownImportsOf, packagesOf, type SourceFile, writtenSources } from "./source-tree.js";

const STATE = ["domain", "journal", "snapshots"];
const ENGINE = [...STATE, "actor", "limits.ts"];

/** For each folder (or file) of src, what it may import besides itself. The longest match rules. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  "limits.ts": [],
  gen: [],
  journal: ["domain", "limits.ts"],
  snapshots: ["domain", "journal", "limits.ts"],
  actor: [...STATE, "limits.ts"],
  images: ENGINE,
  availability: ENGINE,
  erp: ENGINE,
  outcomes: ENGINE,
  operations: ENGINE,
  telemetry: [...ENGINE, "api"],
  api: [...ENGINE, "gen"],
  config: ["limits.ts"],
  "config.ts": ["config", "limits.ts"],
  compose: [
    ...ENGINE,
    "images",
    "availability",
    "erp",
    "outcomes",
    "operations",
    "telemetry",
    "api",
    "config",
    "config.ts",
    "gen",
  ],
  client: ["gen"],
  // Published beside the client, for who has OpenTelemetry.
  tracing: [],
  connector: ["client", "gen"],
  cli: ["client"],
  // The commands that touch files; all others speak gRPC through the published client.
  "cli/serve.ts": ["api", "telemetry", "compose", "config", "config.ts", "limits.ts"],
  "cli/commands/serve.ts": ["api", "compose", "config", "config.ts"],
  "cli/connect": ["client", "connector", "config"],
  "cli/commands/connect.ts": ["config"],
  "cli/verify": [...ENGINE, "images"],
  "cli/commands/verify.ts": ENGINE,
  "cli/restore": [...ENGINE, "images"],
};

/** The client is published: what it imports, its users install. */
const CLIENT_PACKAGES = ["@grpc/grpc-js", "@bufbuild/protobuf"];

function ruleOf(path: string): string | undefined {
  const inside = path.replace(/^src\//, "");
  return Object.keys(MAY_IMPORT)
    .filter((rule) => inside === rule || inside.startsWith(`${rule}/`))
    .sort((one, other) => other.length - one.length)[0];
}

function violations(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const rule = ruleOf(file.path);
    if (rule === undefined) return [`${file.path}: a folder without a rule; give it one in import-direction.test.ts`];
    const folder = rule.split("/")[0] ?? rule;
    const allowed = [folder, ...(MAY_IMPORT[rule] ?? [])];
    const wrongWay = ownImportsOf(file).filter(
      (target) => !allowed.some((name) => target === `src/${name}` || target.startsWith(`src/${name}/`)),
    );
    const foreign = folder === "client" ? packagesOf(file).filter((name) => !CLIENT_PACKAGES.includes(name)) : [];
    return [...wrongWay, ...foreign].map((target) => `${file.path} imports ${target}`);
  });
}

test("imports point one way", () => {
  expect(violations(writtenSources())).toEqual([]);
});

test.each([
  ["src/domain/stock.ts", "../journal/journal.js"],
  ["src/domain/stock.ts", "../limits.js"],
  ["src/journal/file-journal.ts", "../snapshots/page.js"],
  ["src/snapshots/page.ts", "../actor/turn.js"],
  ["src/actor/turn.ts", "../erp/ingest.js"],
  ["src/actor/handlers/queries.ts", "../../availability/view.js"],
  ["src/erp/ingest.ts", "../operations/dealers.js"],
  ["src/api/server.ts", "../compose/host.js"],
  ["src/compose/host.ts", "../cli/serve.js"],
  ["src/client/retry.ts", "../domain/refusal.js"],
  ["src/client/retry.ts", "pino"],
  ["src/cli/commands/reserve.ts", "../../api/server.js"],
  ["src/cli/commands/reserve.ts", "../../gen/holdfast/v1/reservation_pb.js"],
  ["src/snapshots/page.ts", "../images/image-file.js"],
  ["src/actor/turn.ts", "../images/image-file.js"],
  ["src/api/server.ts", "../images/image-file.js"],
  ["src/cli/serve.ts", "../journal/file-journal.js"],
  ["src/connector/connector.ts", "../erp/ingest.js"],
  ["src/connector/connector.ts", "../config/settings.js"],
  ["src/cli/verify/verify-folder.ts", "../../compose/host.js"],
  ["src/helpers/anything.ts", "./else.js"],
])("the rule can fail: %s may not import %s", (path, specifier) => {
  expect(violations([{ path, text: `import { x } from "${specifier}";` }])).toHaveLength(1);
});

test.each([
  ["src/snapshots/page.ts", "../journal/journal.js"],
  ["src/cli/serve.ts", "../compose/host.js"],
  ["src/cli/serve.ts", "./session.js"],
  ["src/cli/verify/verify-folder.ts", "../../actor/apply.js"],
  ["src/client/retry.ts", "@bufbuild/protobuf/wkt"],
])("%s may import %s", (path, specifier) => {
  expect(violations([{ path, text: `import { x } from "${specifier}";` }])).toEqual([]);
});
