/** What the Dockerfile promises and can be tried without a container: its health check and its way of stopping. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8");

function execForm(instruction: RegExp): string[] {
  const found = instruction.exec(dockerfile)?.[1];
  expect(found).toBeDefined();
  return JSON.parse(found ?? "") as string[];
}

async function healthCheck(port: number): Promise<number> {
  const [command = "", ...rest] = execForm(/^HEALTHCHECK [^\n]*\\\n\s+CMD (\[.*\])$/m);
  expect(command).toBe("node");
  const run = spawn(process.execPath, rest, {
    cwd: root,
    env: { ...process.env, HOLDFAST_LISTEN: `127.0.0.1:${port}` },
    stdio: "ignore",
  });
  const [exitCode] = (await once(run, "exit")) as [number];
  return exitCode;
}

test("the image's health check passes only while the server says SERVING", async () => {
  const server = new Server();
  const health = new HealthImplementation({ "": "SERVING" });
  health.addToServer(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  try {
    expect(await healthCheck(port)).toBe(0);
    health.setStatus("", "NOT_SERVING");
    expect(await healthCheck(port)).toBe(1);
  } finally {
    server.forceShutdown();
  }
  expect(await healthCheck(port)).toBe(1);
});

test("node itself is the image's process, so that SIGTERM reaches it", () => {
  expect(execForm(/^CMD (\[.*\])$/m)).toEqual(["node", "dist/cli/main.js", "serve"]);
  expect(dockerfile).toMatch(/^STOPSIGNAL SIGTERM$/m);
  expect(dockerfile).not.toMatch(/^ENTRYPOINT/m);
});

test("the image runs as a user that is not root, after its volume was given to that user", () => {
  const user = dockerfile.lastIndexOf("\nUSER node\n");
  expect(user).toBeGreaterThan(dockerfile.indexOf("chown node:node /data"));
  expect(dockerfile.indexOf("\nVOLUME /data\n")).toBeGreaterThan(user);
});
