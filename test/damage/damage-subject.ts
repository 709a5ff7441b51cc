/** A data folder with something of everything in it: what gets damaged, and the state that must come out of it. */
import { cp, mkdir, readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { commit, reserve } from "../actor/commands.js";
import { firstRequest, ServedFolder, WAREHOUSES } from "./served-state.js";

const SKUS = 8;
const ORDERS = 260;
/** WITNESS follows an idle journal within 20 ms. */
const IDLE_MS = 60;

export interface Subject {
  readonly name: string;
  readonly folder: string;
  readonly state: unknown;
  /** Paths from the folder, with their sizes. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

/** One folder that was stopped cleanly, and one as a kill leaves it. */
export async function makeSubjects(root: string): Promise<readonly Subject[]> {
  const data = join(root, "data");
  const served = await ServedFolder.open(data);
  await fill(served);
  await sleep(IDLE_MS);
  const state = await served.state();
  await sleep(IDLE_MS);
  const killed = join(root, "killed");
  // The lock of a process that is gone: what is left of it is an empty store, which a start makes anew.
  await cp(join(data, "logs"), join(killed, "logs"), { recursive: true });
  await served.stop();
  const stopped = join(root, "stopped");
  await cp(data, stopped, { recursive: true });
  return [
    { name: "after a kill", folder: killed, state, files: await filesOf(killed) },
    { name: "after a clean stop", folder: stopped, state, files: await filesOf(stopped) },
  ];
}

async function fill(served: ServedFolder): Promise<void> {
  const dealer = { dealerId: "D2", name: "Two", warehouseId: "W2" };
  await served.ask({ kind: "PutDealer", dealer, attribution: { actor: "a", reason: "b" } }, () => undefined);
  let sequence = 0;
  for (const warehouseId of WAREHOUSES) {
    for (let sku = 0; sku < SKUS; sku++) {
      sequence += 1;
      await served.receive(sequence, warehouseId, `S${sku}`, 1_000);
    }
  }
  await served.ask(firstRequest(), () => undefined);
  for (let order = 1; order <= ORDERS; order++) {
    const isSecond = order % 3 === 0;
    const lines = { [`S${order % SKUS}`]: 1 + (order % 4), [`S${(order * 5) % SKUS}`]: 2 };
    const asked = reserve(`request-${order}`, lines, {
      orderId: `O${order}`,
      holdMs: 3_600_000,
      ...(isSecond ? { dealerId: "D2", warehouseId: "W2" } : {}),
    });
    const id = await served.ask(asked, ({ reservation }) => reservation!.id);
    const dealerId = isSecond ? "D2" : "D1";
    if (order % 4 === 0) await served.ask({ ...commit(`commit-${order}`, id), dealerId }, () => undefined);
    if (order % 5 === 0) {
      const release = { kind: "Release" as const, requestId: `release-${order}`, dealerId, reservationId: id };
      await served.ask({ ...release, lines: [], reason: "CANCELLED" }, () => undefined);
    }
  }
}

async function filesOf(folder: string): Promise<Subject["files"]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
  return Promise.all(paths.map(async (path) => ({ path, bytes: (await stat(join(folder, path))).size })));
}

export async function copyOf(subject: Subject, to: string): Promise<string> {
  await mkdir(to, { recursive: true });
  await cp(subject.folder, to, { recursive: true });
  return to;
}
