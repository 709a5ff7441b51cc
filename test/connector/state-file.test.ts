import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lockFolder } from "../../src/connector/folder-lock.js";
import { StateFile } from "../../src/connector/state-file.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-state-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("a state file", () => {
  test("gives back what was saved last, and nothing where nothing was", async () => {
    const path = join(folder, "feed.json");
    expect(await new StateFile(path).load()).toBeUndefined();
    await new StateFile(path).save({ cursor: "a\nb" });
    await new StateFile(path).save({ cursor: "c" });
    expect(await new StateFile(path).load()).toEqual({ cursor: "c" });
    expect(await readdir(folder)).toEqual(["feed.json"]);
  });

  test("a replacement that did not come to its end changes nothing", async () => {
    const file = new StateFile(join(folder, "feed.json"));
    await file.save({ cursor: "a" });
    await writeFile(join(folder, "feed.json.new"), '{"cursor":"b"');
    expect(await file.load()).toEqual({ cursor: "a" });
    await file.save({ cursor: "c" });
    expect(await file.load()).toEqual({ cursor: "c" });
  });

  test("is refused when any byte of it is not as it was saved, and when it is empty", async () => {
    const path = join(folder, "feed.json");
    await new StateFile(path).save({ cursor: "a", sequence: "17" });
    const good = await readFile(path);
    for (let index = 0; index < good.length - 1; index++) {
      const bad = Buffer.from(good);
      bad[index] = (bad[index] ?? 0) ^ 1;
      await writeFile(path, bad);
      await expect(new StateFile(path).load()).rejects.toMatchObject({ code: "CONNECTOR_STATE_DAMAGED" });
    }
    await writeFile(path, "");
    await expect(new StateFile(path).load()).rejects.toMatchObject({ code: "CONNECTOR_STATE_DAMAGED" });
  });
});

describe("a state folder", () => {
  test("is one connector's at a time", async () => {
    // Process 1 is always there, and never this one.
    await writeFile(join(folder, "lock"), "1");
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: "CONNECTOR_RUNNING" });
  });

  test("is free again once it was let go of, and once its holder is dead", async () => {
    const unlock = await lockFolder(folder);
    expect(await readFile(join(folder, "lock"), "utf8")).toBe(String(process.pid));
    await unlock();
    expect(await readdir(folder)).toEqual([]);
    // Above every process id that Linux gives.
    await writeFile(join(folder, "lock"), "99999999");
    await (await lockFolder(folder))();
    await writeFile(join(folder, "lock"), "");
    await (await lockFolder(folder))();
  });
});
