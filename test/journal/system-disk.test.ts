/** The Disk port on the real file system. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readUpTo, writeAll, writeFileAtomically } from "../../src/journal/disk.js";
import { systemDisk } from "../../src/journal/system-disk.js";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "holdfast-disk-"));
});
afterEach(() => rm(root, { recursive: true }));

test("folders are made with those above them, and making them again is fine", async () => {
  const path = join(root, "a", "b", "c");
  await systemDisk.makeFolder(path);
  await systemDisk.makeFolder(path);
  expect(await systemDisk.list(join(root, "a", "b"))).toEqual(["c"]);
});

test("a folder that is not there has no files, a file that is not there opens as undefined", async () => {
  expect(await systemDisk.list(join(root, "none"))).toEqual([]);
  expect(await systemDisk.open(join(root, "none"))).toBeUndefined();
  await expect(systemDisk.openDurable(join(root, "none"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("what is written is read, up to the end of the file", async () => {
  const path = join(root, "file");
  const made = await systemDisk.create(path);
  await writeAll(made, Buffer.from("one two three"), 13, 0);
  await made.sync();
  await made.close();
  const durable = await systemDisk.openDurable(path);
  expect(await durable.write(Buffer.from("xTWOx"), 1, 3, 4)).toBe(3);
  await durable.close();
  const file = (await systemDisk.open(path))!;
  expect(await file.size()).toBe(13);
  expect(Buffer.from(await readUpTo(file, 100, 4)).toString()).toBe("TWO three");
  expect(await readUpTo(file, 10, 13)).toHaveLength(0);
  await file.close();
});

test("making a file that is there empties it", async () => {
  await writeFile(join(root, "file"), "old");
  await (await systemDisk.create(join(root, "file"))).close();
  expect(await readFile(join(root, "file"), "utf8")).toBe("");
});

test("a file put in place atomically leaves no other behind", async () => {
  await writeFileAtomically(systemDisk, root, "NAME", Buffer.from("first"));
  await writeFileAtomically(systemDisk, root, "NAME", Buffer.from("second"));
  expect(await readdir(root)).toEqual(["NAME"]);
  expect(await readFile(join(root, "NAME"), "utf8")).toBe("second");
});

test("a closed file refuses, as its descriptor may be another file's by now", async () => {
  const file = await systemDisk.create(join(root, "one"));
  await file.close();
  const other = await systemDisk.create(join(root, "other"));
  await expect(file.write(Buffer.from("x"), 0, 1, 0)).rejects.toMatchObject({ code: "EBADF" });
  await expect(file.close()).rejects.toMatchObject({ code: "EBADF" });
  expect(await other.size()).toBe(0);
  await other.close();
});

test("an error of a file names it", async () => {
  await writeFile(join(root, "file"), "bytes");
  const file = (await systemDisk.open(join(root, "file")))!;
  const writing = file.write(Buffer.from("x"), 0, 1, 0);
  await expect(writing).rejects.toThrow(join(root, "file"));
  await file.close();
});

test("free space is told in bytes, and a file that is gone may be removed again", async () => {
  expect(await systemDisk.freeBytes(root)).toBeGreaterThan(1024 * 1024);
  await systemDisk.remove(join(root, "none"));
  await writeFile(join(root, "file"), "");
  await systemDisk.remove(join(root, "file"));
  expect(await readdir(root)).toEqual([]);
});
