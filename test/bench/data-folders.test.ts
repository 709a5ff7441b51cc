import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { DataFolders, parseFileSystem } from "../../scripts/bench/data-folders.js";

const MOUNTS = `/dev/vda / ext4 rw 0 0
tmpfs /tmp tmpfs rw 0 0
/dev/vdb /tmp/disk xfs rw 0 0
tmpfs /tmpfoo tmpfs rw 0 0
/dev/vdc /mnt ext4 rw 0 0
tmpfs /mnt tmpfs rw 0 0
`;

test("a path is on the innermost mount that holds it", () => {
  expect(parseFileSystem(MOUNTS, "/home/me")).toBe("ext4");
  expect(parseFileSystem(MOUNTS, "/tmp")).toBe("tmpfs");
  expect(parseFileSystem(MOUNTS, "/tmp/disk/x")).toBe("xfs");
});

test("a mount whose name only begins alike does not hold a path", () => {
  expect(parseFileSystem(MOUNTS, "/tmpfoobar")).toBe("ext4");
});

test("a later mount covers an earlier one at the same place", () => {
  expect(parseFileSystem(MOUNTS, "/mnt/x")).toBe("tmpfs");
});

test("a data folder is there during its use, and gone after it, also when the use fails", async () => {
  const folders = new DataFolders();
  let used = "";
  const use = folders.use(async (folder) => {
    used = folder;
    expect(existsSync(folder)).toBe(true);
    throw new Error("failed while in use");
  });
  await expect(use).rejects.toThrow("failed while in use");
  expect(used).not.toBe("");
  expect(existsSync(used)).toBe(false);
});
