/**
 * A peer's front end as a process of its own, in Holdfast's place. The store is told by the environment. It prints the
 * two lines that the benchmark reads from Holdfast as well.
 */
import * as grpc from "@grpc/grpc-js";
import { addPeerMethods } from "./peer-front.js";
import { openStore, readStoreSettings } from "./store-settings.js";

/** Holds whose time is over are put away now and then; what is answered does not depend on it. */
const HOUSEKEEPING_MS = 1_000;

const store = await openStore(readStoreSettings(process.env));
const server = new grpc.Server();
addPeerMethods(server, store);
const housekeeping = setInterval(() => void store.endDueHolds().catch(console.error), HOUSEKEEPING_MS);

server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(JSON.stringify({ msg: "serving", listen: `127.0.0.1:${port}` }));
});
process.once("SIGTERM", async () => {
  clearInterval(housekeeping);
  server.forceShutdown();
  await store.close();
  console.log(JSON.stringify({ msg: "stopped", levelPuts: 0, reservations: 0 }));
  process.exit(0);
});
