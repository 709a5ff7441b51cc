/** How a front end is told its store: by the environment, where other users of the machine cannot read a password. */
import type { PeerName } from "../instances/find-programs.js";
import type { StoreAddress } from "../instances/store-instance.js";
import type { PeerStore } from "../stores/peer-store.js";
import { PostgresStore } from "../stores/postgres-store.js";
import { RedisStore } from "../stores/redis-store.js";

export interface StoreSettings {
  readonly name: PeerName;
  readonly address: StoreAddress;
  readonly connections: number;
}

const variables = {
  name: "PEER_STORE",
  port: "PEER_PORT",
  password: "PEER_PASSWORD",
  connections: "PEER_CONNECTIONS",
} as const;

export function writeStoreSettings({ name, address, connections }: StoreSettings): Record<string, string> {
  return {
    [variables.name]: name,
    [variables.port]: String(address.port),
    [variables.password]: address.password,
    [variables.connections]: String(connections),
  };
}

export function readStoreSettings(environment: NodeJS.ProcessEnv): StoreSettings {
  const read = (variable: string) => {
    const value = environment[variable];
    if (value === undefined) throw new Error(`${variable} is not set`);
    return value;
  };
  const name = read(variables.name);
  if (name !== "postgres" && name !== "redis") throw new Error(`${variables.name} is ${name}: postgres or redis`);
  return {
    name,
    address: { port: Number(read(variables.port)), password: read(variables.password) },
    connections: Number(read(variables.connections)),
  };
}

export function openStore({ name, address, connections }: StoreSettings): Promise<PeerStore> {
  return name === "postgres" ? PostgresStore.open(address, connections) : RedisStore.open(address, connections);
}
