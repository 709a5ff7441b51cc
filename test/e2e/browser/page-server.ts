/** Serves the portal's page on an origin of its own, its script bundled as a web developer would. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";

const SCRIPT = new URL("portal-page.ts", import.meta.url).pathname;
const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>Portal</title>
<pre id="figures"></pre>
<button id="order">Order two bolts</button>
<p id="ordered"></p>
<p id="ended"></p>
<script type="module" src="/portal-page.js"></script>
`;

export class PageServer {
  readonly origin: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<PageServer> {
    const { outputFiles } = await build({
      entryPoints: [SCRIPT],
      bundle: true,
      format: "esm",
      platform: "browser",
      write: false,
    });
    const script = outputFiles[0]!.contents;
    const server = createServer(({ url }, response) => {
      const isScript = url === "/portal-page.js";
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html; charset=utf-8");
      response.end(isScript ? script : PAGE);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new PageServer(server);
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
