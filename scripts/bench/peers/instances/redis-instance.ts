/** A private Redis that has each write on the disk before it answers, as Holdfast does. */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import type { PeerProgram } from "./find-programs.js";
import { freePort, type StoreAddress, StoreInstance } from "./store-instance.js";

/** What differs from the defaults: no dumps, since the log is the durable copy and is rewritten as it grows. */
const SETTINGS: Readonly<Record<string, string>> = {
  bind: "127.0.0.1",
  appendonly: "yes",
  appendfsync: "always",
  save: "",
  maxmemory: "0",
};

/** Starts a Redis whose data lies in the folder. */
export async function startRedis(program: PeerProgram, folder: string): Promise<StoreInstance> {
  const dataFolder = join(folder, "redis");
  mkdirSync(dataFolder, { mode: 0o700 });
  const address: StoreAddress = { port: await freePort(), password: randomBytes(16).toString("hex") };
  const settings = { ...SETTINGS, dir: dataFolder, port: String(address.port), requirepass: address.password };
  const command = {
    program: join(program.folder, "redis-server"),
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    options: { cwd: dataFolder },
    stopSignal: "SIGTERM",
    killSignal: "SIGKILL",
  } as const;
  return StoreInstance.start(command, address, ask);
}

async function ask({ port, password }: StoreAddress): Promise<void> {
  const client = new Redis({ host: "127.0.0.1", port, password, lazyConnect: true, retryStrategy: () => null });
  // Failures to connect are told by connect() as well.
  client.on("error", () => {});
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.disconnect();
  }
}
