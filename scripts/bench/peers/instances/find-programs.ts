/** Finds the peers' programs on this machine, or says which are missing. Installs nothing. */
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where Debian keeps PostgreSQL's server programs, a folder for each version; they are not on the PATH there. */
const DEBIAN_POSTGRES_ROOT = "/usr/lib/postgresql";
const POSTGRES_MAJOR_MIN = 15;
const REDIS_MAJOR_MIN = 7;

export type PeerName = "postgres" | "redis";
export const peerNames: readonly PeerName[] = ["postgres", "redis"];

export interface PeerProgram {
  readonly kind: "found";
  /** The folder that holds the server program and what belongs to it. */
  readonly folder: string;
  readonly version: string;
}

export interface MissingProgram {
  readonly kind: "missing";
  /** A sentence for a person: what is missing, and what would help. */
  readonly reason: string;
}

/** The newest version of the peer that is on this machine and new enough. */
export function findPeer(name: PeerName): PeerProgram | MissingProgram {
  return name === "postgres" ? findPostgres() : findRedis();
}

function findPostgres(): PeerProgram | MissingProgram {
  const reason =
    `PostgreSQL ${POSTGRES_MAJOR_MIN} or later is not on this machine: initdb and postgres are neither on the PATH nor ` +
    `under ${DEBIAN_POSTGRES_ROOT} (Debian package: postgresql)`;
  const folders = [...foldersOnPath(), ...debianPostgresFolders()].filter(
    (folder) => isProgram(join(folder, "initdb")) && isProgram(join(folder, "postgres")),
  );
  return newest(folders, "postgres", POSTGRES_MAJOR_MIN) ?? { kind: "missing", reason };
}

function findRedis(): PeerProgram | MissingProgram {
  const reason =
    `Redis ${REDIS_MAJOR_MIN} or later is not on this machine: redis-server is not on the PATH ` +
    "(Debian package: redis-server)";
  const folders = foldersOnPath().filter((folder) => isProgram(join(folder, "redis-server")));
  return newest(folders, "redis-server", REDIS_MAJOR_MIN) ?? { kind: "missing", reason };
}

function newest(folders: readonly string[], program: string, majorMin: number): PeerProgram | undefined {
  return folders
    .map((folder) => ({ kind: "found" as const, folder, version: versionOf(join(folder, program)) }))
    .filter(({ version }) => Number.parseInt(version, 10) >= majorMin)
    .sort((a, b) => Number.parseFloat(b.version) - Number.parseFloat(a.version))[0];
}

function versionOf(program: string): string {
  return parseVersion(execFileSync(program, ["--version"], { encoding: "utf8" }));
}

/** The version in what a server prints of itself, or "0" where there is none. */
export function parseVersion(text: string): string {
  return /(?:v=|\(PostgreSQL\) )(\d+(?:\.\d+)*)/.exec(text)?.[1] ?? "0";
}

function foldersOnPath(): string[] {
  return (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
}

function debianPostgresFolders(): string[] {
  if (!existsSync(DEBIAN_POSTGRES_ROOT)) return [];
  return readdirSync(DEBIAN_POSTGRES_ROOT).map((version) => join(DEBIAN_POSTGRES_ROOT, version, "bin"));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
