/** After `npm ci`: builds dist/, unless the compiler was left out with the other development packages. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

if (existsSync(new URL("../node_modules/typescript", import.meta.url))) {
  const { status } = spawnSync("npm", ["run", "build"], { stdio: "inherit", shell: process.platform === "win32" });
  process.exitCode = status ?? 1;
} else {
  console.warn("dist/ is not built: development packages are left out. Build first, then `npm prune --omit=dev`.");
}
