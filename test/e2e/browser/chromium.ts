/** A real Chromium: the one that is installed, or else Debian's, where it may be installed. */
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";
import { installDebianPackages } from "../tryton/debian-packages.js";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export type FoundChromium = { readonly path: string } | { readonly missing: string };

export async function findChromium(): Promise<FoundChromium> {
  const installed = pathOf(NAMES);
  if (installed !== undefined) return { path: installed };
  const failure = await installDebianPackages(["chromium"]);
  const path = pathOf(NAMES);
  return path === undefined ? { missing: `there is no Chromium: ${failure ?? "it was not installed"}` } : { path };
}

/** Runs with a browser of its own, on a profile that nobody used before. */
export async function withBrowser(path: string, run: (browser: BrowserContext) => Promise<void>): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), "holdfast-browser-"));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: path,
    headless: true,
    args: FLAGS,
  });
  try {
    await run(browser);
  } finally {
    await browser.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

function pathOf(names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
