/** Data folders of released formats: each is read for ever, by its snapshot, and from its image and journal alone (decision 13). */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HoldfastClient, type OrderEvent, type WatchedOrders } from "../../../src/client/index.js";
import { RunningServer, runVerify } from "../process/running-server.js";
import { describeServed } from "./describe-served.js";

const FORMATS = ["format-1"];
/** What a server must say of the folder, beside its files. */
const EXPECTED = "expected.json.gz";

describe.each(FORMATS)("a data folder of %s", (format) => {
  const fixture = join(import.meta.dirname, format);
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-format-"));
    for (const entry of await readdir(fixture, { recursive: true, withFileTypes: true })) {
      if (!entry.name.endsWith(".gz") || entry.name === EXPECTED) continue;
      const packed = join(entry.parentPath, entry.name);
      const path = join(folder, relative(fixture, packed).replace(/\.gz$/, ""));
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, gunzipSync(await readFile(packed)));
    }
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function served(): Promise<unknown> {
    const server = await RunningServer.start(folder);
    const client = new HoldfastClient(server.listen);
    const state = await describeServed(client);
    client.close();
    expect(await server.end("SIGTERM")).toBe(0);
    return state;
  }

  const expected = async () => JSON.parse(gunzipSync(await readFile(join(fixture, EXPECTED))).toString());

  test("is proven from the first byte, and served as it was left", async () => {
    expect(await runVerify(folder)).toMatchObject({ code: 0 });
    expect(await served()).toEqual(await expected());
    expect(await runVerify(folder)).toMatchObject({ code: 0 });
  });

  test("says the same without its snapshot, from the image and the journal", async () => {
    const log = join(folder, "logs/0");
    expect(await readdir(join(log, "images"))).not.toEqual([]);
    await rm(join(log, "level"), { recursive: true });
    await rm(join(log, "CHECKPOINT"));
    expect(await served()).toEqual(await expected());
  });

  test("tells dealers what became of their orders, though its journal may not say whose an outcome is", async () => {
    const server = await RunningServer.start(folder);
    const client = new HoldfastClient(server.listen);
    const all = await readOrders(client, { source: "erp" });
    const dealers = new Set(all.map(({ dealerId }) => dealerId));
    expect(all.length).toBeGreaterThan(0);
    for (const dealerId of dealers) {
      expect(await readOrders(client, { dealerId })).toEqual(all.filter((event) => event.dealerId === dealerId));
    }
    expect(await readOrders(client, { dealerId: "nobody" })).toEqual([]);
    client.close();
    await server.end("SIGTERM");
  });
});

/** What is kept; it is over when nothing has come for a while. */
async function readOrders(client: HoldfastClient, whose: WatchedOrders): Promise<readonly OrderEvent[]> {
  const events: OrderEvent[] = [];
  const watch = client.watchOrders({ ...whose, fromOldest: true });
  const reading = (async () => {
    for await (const { event } of watch) if (event !== undefined) events.push(event);
  })();
  for (let seen = -1; seen !== events.length; ) {
    seen = events.length;
    await sleep(500);
  }
  await watch.return();
  await reading;
  return events;
}
