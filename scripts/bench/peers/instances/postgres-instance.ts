/** A private PostgreSQL, set up as for production on a small machine: durable at every commit, with room in memory. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import type { PeerProgram } from "./find-programs.js";
import { freePort, type StoreAddress, StoreInstance } from "./store-instance.js";

export const POSTGRES_USER = "holdfast";
export const POSTGRES_DATABASE = "postgres";

/** Users who may own the data where this runs as root, which PostgreSQL refuses to be run by. */
const UNPRIVILEGED_USERS = ["postgres", "nobody"];

/** What differs from PostgreSQL's defaults. Durability is at its defaults, and named so that nobody has to look it up. */
const SETTINGS: Readonly<Record<string, string>> = {
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "200",
  shared_buffers: "1GB",
  wal_buffers: "16MB",
  max_wal_size: "4GB",
  // No replica reads this log, so it holds only what recovery needs.
  wal_level: "minimal",
  max_wal_senders: "0",
  jit: "off",
};

/** Makes a cluster in the folder, which is given to an unprivileged user where need be, and starts it. */
export async function startPostgres(program: PeerProgram, folder: string): Promise<StoreInstance> {
  const owner = process.getuid?.() === 0 ? unprivilegedUser() : undefined;
  const dataFolder = join(folder, "postgres");
  const passwordFile = join(folder, "postgres-password");
  const address: StoreAddress = { port: await freePort(), password: randomBytes(16).toString("hex") };
  mkdirSync(dataFolder, { mode: 0o700 });
  writeFileSync(passwordFile, address.password, { mode: 0o600 });
  if (owner !== undefined) for (const path of [folder, dataFolder, passwordFile]) chownSync(path, owner.uid, owner.gid);
  const options = { cwd: folder, env: { PATH: process.env.PATH, LC_ALL: "C" }, ...owner };
  const initArgs = ["--pgdata", dataFolder, "--username", POSTGRES_USER, "--pwfile", passwordFile];
  const formatArgs = ["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"];
  execFileSync(join(program.folder, "initdb"), [...initArgs, ...formatArgs], { ...options, stdio: "pipe" });
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const command = {
    program: join(program.folder, "postgres"),
    args: ["-D", dataFolder, "-p", String(address.port), ...settings],
    options,
    stopSignal: "SIGINT",
    killSignal: "SIGQUIT",
  } as const;
  return StoreInstance.start(command, address, ask);
}

async function ask({ port, password }: StoreAddress): Promise<void> {
  const user = POSTGRES_USER;
  const client = new pg.Client({ host: "127.0.0.1", port, user, password, database: POSTGRES_DATABASE });
  try {
    await client.connect();
    await client.query("SELECT 1");
  } finally {
    await client.end();
  }
}

function unprivilegedUser(): { readonly uid: number; readonly gid: number } {
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of UNPRIVILEGED_USERS) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(":");
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error(`PostgreSQL refuses to run as root, and there is no user ${UNPRIVILEGED_USERS.join(" or ")}`);
}
