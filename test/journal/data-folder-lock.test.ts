/** One process for each data folder, by whatever path, and a lock that outlives no process. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DataFolderLocked, lockDataFolder } from "../../src/journal/data-folder-lock.js";

let root: string;
let folder: string;
let holder: ChildProcess | undefined;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "holdfast-lock-"));
  folder = join(root, "data");
  await mkdir(folder);
});
afterEach(async () => {
  await endHolder("SIGKILL");
  await rm(root, { recursive: true });
});

async function startHolder(): Promise<number> {
  const script = join(import.meta.dirname, "lock-holder.ts");
  holder = spawn(process.execPath, ["--import", "tsx", script, folder], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(holder.stdout!, "data");
  expect(String(line)).toBe("locked\n");
  return holder.pid!;
}

async function endHolder(how: "SIGKILL" | "release"): Promise<void> {
  const ending = holder;
  holder = undefined;
  if (ending === undefined) return;
  const exit = once(ending, "exit");
  if (how === "release") ending.stdin!.end();
  else ending.kill("SIGKILL");
  await exit;
}

async function refusal(path = folder): Promise<Error> {
  const error = await lockDataFolder(path).then(
    () => undefined,
    (cause) => cause,
  );
  expect(error).toBeInstanceOf(DataFolderLocked);
  return error as Error;
}

async function lockAndRelease(path = folder): Promise<void> {
  await (await lockDataFolder(path)).release();
}

describe("a folder that another process has", () => {
  test("is refused with its process id, and free once it let go", async () => {
    const pid = await startHolder();
    for (let attempt = 0; attempt < 2; attempt++) {
      expect((await refusal()).message).toBe(`${folder} is in use by process ${pid}`);
    }
    expect(await readFile(join(folder, "holdfast.pid"), "utf8")).toBe(`${pid}\n`);
    await endHolder("release");
    await lockAndRelease();
  });

  test("is refused by any other path to it", async () => {
    const pid = await startHolder();
    const other = join(root, "other");
    await symlink(folder, other);
    expect((await refusal(other)).message).toContain(`process ${pid}`);
  });

  test("is free once that process was killed, though its pid file is still there", async () => {
    const pid = await startHolder();
    await endHolder("SIGKILL");
    expect(await readFile(join(folder, "holdfast.pid"), "utf8")).toBe(`${pid}\n`);
    const lock = await lockDataFolder(folder);
    expect(await readFile(join(folder, "holdfast.pid"), "utf8")).toBe(`${process.pid}\n`);
    await lock.release();
    expect(await readdir(folder)).toEqual(["lock"]);
  });

  test("is refused all the same when the pid file is missing or nonsense", async () => {
    await startHolder();
    await writeFile(join(folder, "holdfast.pid"), "\u0007 nonsense\n");
    expect((await refusal()).message).toBe(`${folder} is in use by process unknown`);
    await rm(join(folder, "holdfast.pid"));
    expect((await refusal()).message).toBe(`${folder} is in use by process unknown`);
  });
});

describe("a folder that this process has", () => {
  test("is refused by its own path, by a symbolic link, and by a path with dots", async () => {
    const lock = await lockDataFolder(folder);
    const link = join(root, "link");
    await symlink(root, link);
    for (const path of [folder, join(link, "data"), `${root}/../${root.split("/").at(-1)}/data/.`]) {
      expect((await refusal(path)).message).toBe(`${folder} is in use by this process (${process.pid})`);
    }
    await lock.release();
    await lockAndRelease(join(link, "data"));
  });

  test("is refused while it is being locked", async () => {
    const locks = await Promise.allSettled([lockDataFolder(folder), lockDataFolder(folder)]);
    expect(locks.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    for (const lock of locks) if (lock.status === "fulfilled") await lock.value.release();
  });

  test("stays its next owner's when the one before lets go twice", async () => {
    const first = await lockDataFolder(folder);
    await first.release();
    const second = await lockDataFolder(folder);
    await first.release();
    expect((await refusal()).message).toContain(`this process (${process.pid})`);
    expect(await readFile(join(folder, "holdfast.pid"), "utf8")).toBe(`${process.pid}\n`);
    await second.release();
  });

  test("does not stand in the way of another folder", async () => {
    const other = join(root, "another");
    await mkdir(other);
    const lock = await lockDataFolder(folder);
    await lockAndRelease(other);
    await lock.release();
  });
});

describe("a damaged lock store", () => {
  const damages: readonly { title: string; damage: (store: string) => Promise<void> }[] = [
    { title: "CURRENT is nonsense", damage: (store) => writeFile(join(store, "CURRENT"), "nonsense") },
    { title: "CURRENT is empty", damage: (store) => writeFile(join(store, "CURRENT"), "") },
    {
      title: "the manifest is missing",
      damage: async (store) => {
        for (const name of await readdir(store)) if (name.startsWith("MANIFEST")) await rm(join(store, name));
      },
    },
    {
      title: "it is a file",
      damage: async (store) => {
        await rm(store, { recursive: true });
        await writeFile(store, "");
      },
    },
  ];

  test.each(damages)("is refused, naming lock/: $title", async ({ damage }) => {
    await lockAndRelease();
    await damage(join(folder, "lock"));
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await refusal();
      expect(error.message).toContain(join(folder, "lock"));
      expect(error.message).toContain("damaged");
      expect(error.cause).toBeInstanceOf(Error);
    }
    await rm(join(folder, "lock"), { recursive: true });
    await lockAndRelease();
  });
});
