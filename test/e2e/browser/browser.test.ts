/** A portal's web page in a real Chromium: it watches over HTTP, and sees figures change that others change over gRPC. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HoldfastClient } from "../../../src/client/index.js";
import { RunningServer } from "../process/running-server.js";
import { findChromium, withBrowser } from "./chromium.js";
import { PageServer } from "./page-server.js";

const found = await findChromium();
const missing = "missing" in found ? found.missing : undefined;
const path = "path" in found ? found.path : "";

describe.skipIf(missing !== undefined)(
  `a page in Chromium${missing === undefined ? "" : ` (SKIPPED: ${missing})`}`,
  () => {
    let folder = "";
    let portal: PageServer;
    let stranger: PageServer;
    let server: RunningServer;
    let client: HoldfastClient;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "holdfast-browser-data-"));
      portal = await PageServer.start();
      stranger = await PageServer.start();
      server = await RunningServer.start(folder, { HOLDFAST_HTTP_ALLOWED_ORIGINS: portal.origin });
      client = new HoldfastClient(server.listen);
    });
    afterAll(async () => {
      client.close();
      await server.end("SIGKILL");
      portal.stop();
      stranger.stop();
      await rm(folder, { recursive: true, force: true });
    });

    let sequence = 0;
    async function receive(warehouseId: string, quantity: number): Promise<void> {
      sequence += 1;
      const body = { case: "stockReceived" as const, value: { warehouseId, sku: "bolt", quantity } };
      for await (const answer of client.streamEvents([{ source: "erp", sequence, eventId: `e${sequence}`, body }])) {
        expect(answer.disposition).toBe(1);
      }
    }

    async function open(browser: BrowserContext, origin: string, query: Record<string, string>): Promise<Page> {
      const page = await browser.newPage();
      await page.goto(`${origin}/?${new URLSearchParams({ server: `http://${server.http}`, ...query })}`);
      return page;
    }

    const text = (page: Page, id: string, expected: string) =>
      page.locator(`#${id}`).getByText(expected, { exact: true }).waitFor();

    test.each([
      ["Connect in JSON", { warehouse: "W1", order: "O1" }],
      ["Connect in bytes", { warehouse: "W2", order: "O2", format: "binary" }],
      ["gRPC-Web", { warehouse: "W3", order: "O3", protocol: "grpc-web" }],
    ])("over %s, watches a warehouse, sees what others reserve, and orders itself", async (_, query) => {
      const lines = [{ sku: "bolt", quantity: 3 }];
      await receive(query.warehouse, 10);
      await withBrowser(path, async (browser) => {
        const page = await open(browser, portal.origin, query);
        await text(page, "figures", "bolt: 10");
        await client.reserve({ dealerId: "D9", orderId: "O9", warehouseId: query.warehouse, lines });
        await text(page, "figures", "bolt: 7");
        await page.locator("#order").click();
        await text(page, "ordered", "RESERVED");
        await text(page, "figures", "bolt: 5");
        await receive(query.warehouse, 1);
        await text(page, "figures", "bolt: 6");
      });
    });

    test("is told by their reason why a watch and an order are refused", async () => {
      await withBrowser(path, async (browser) => {
        const page = await open(browser, portal.origin, { warehouse: "nowhere", order: "" });
        await text(page, "ended", "NotFound WAREHOUSE_NOT_FOUND");
        await page.locator("#order").click();
        await text(page, "ordered", "InvalidArgument INVALID_FIELD");
      });
    });

    test("of an origin that is not listed gets nothing, and changes nothing", async () => {
      await receive("W4", 10);
      await withBrowser(path, async (browser) => {
        const page = await open(browser, stranger.origin, { warehouse: "W4", order: "O4" });
        await text(page, "ended", "Unknown Failed to fetch");
        await page.locator("#order").click();
        await text(page, "ordered", "Unknown Failed to fetch");
      });
      const { availability } = await client.getAvailability({ warehouseId: "W4" });
      expect(availability).toMatchObject([{ sku: "bolt", reserved: 0n }]);
    });
  },
);
