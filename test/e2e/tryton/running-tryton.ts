/** A real trytond on SQLite in a folder of its own, and what people do in it: receive, adjust, ship. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll } from "vitest";
import { freePort } from "../../../scripts/bench/peers/instances/store-instance.js";
import { SYSTEM_RETRY_ENVIRONMENT } from "../../../src/client/retry.js";
import { ErpRefusal } from "../../../src/connector/erp-adapter.js";
import { ErpGuard } from "../../../src/connector/erp-guard.js";
import { TrytonRpc } from "../../../src/connector/tryton/json-rpc.js";
import { installDebianPackages } from "./debian-packages.js";

const PASSWORD = "a long secret of this test";

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
});

const PACKAGES = ["tryton-server", "tryton-modules-stock", "tryton-modules-sale"];

/** Sees to it that Tryton 6 with its modules for stock and sales is on this machine. Why it is not, or undefined. */
export async function provideTryton(): Promise<string | undefined> {
  if (findTryton() === undefined) return undefined;
  const failure = await installDebianPackages(PACKAGES);
  const missing = findTryton();
  return missing === undefined || failure === undefined ? missing : `${missing}, and not installed: ${failure}`;
}

function findTryton(): string | undefined {
  const found = spawnSync("trytond-admin", ["--version"], { encoding: "utf8" });
  if (found.error !== undefined) return `trytond is not here (Debian packages: ${PACKAGES.join(", ")})`;
  return found.stdout.includes(" 6.") ? undefined : `trytond is of another version (${found.stdout.trim()})`;
}

/** What is set up once: ids of Tryton's records. */
export interface Works {
  readonly company: number;
  readonly currency: number;
  readonly unit: number;
  readonly products: ReadonlyMap<string, number>;
  readonly places: Readonly<Record<"supplier" | "customer" | "storage" | "output" | "lost", number>>;
}

export class RunningTryton {
  readonly url: string;
  readonly password = PASSWORD;
  readonly #folder: string;
  readonly #rpc: TrytonRpc;
  #child: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.url = `http://127.0.0.1:${port}`;
    const reports = { responded: () => {}, circuitChanged: () => {} };
    const guard = new ErpGuard(PATIENT, reports, SYSTEM_RETRY_ENVIRONMENT);
    const access = { url: this.url, database: "erp", user: "admin", password: PASSWORD };
    this.#rpc = new TrytonRpc(access, guard);
  }

  /** A new database with the modules for stock and sales, served. */
  static async install(folder: string): Promise<RunningTryton> {
    const port = await freePort();
    await mkdir(join(folder, "db"), { recursive: true });
    await writeFile(join(folder, "db/erp.sqlite"), "");
    await writeFile(join(folder, "password"), PASSWORD);
    const lines = [
      "[database]",
      "uri = sqlite://",
      `path = ${join(folder, "db")}`,
      "[web]",
      `listen = 127.0.0.1:${port}`,
    ];
    await writeFile(join(folder, "trytond.conf"), `${lines.join("\n")}\n`);
    const tryton = new RunningTryton(folder, port);
    await tryton.#admin("--all", "--email", "admin@example.com");
    await tryton.#admin("-u", "stock", "sale", "--activate-dependencies");
    await tryton.start();
    return tryton;
  }

  async start(): Promise<void> {
    const child = spawn("trytond", ["-c", join(this.#folder, "trytond.conf")], { stdio: "ignore" });
    running.add(child);
    child.once("exit", () => running.delete(child));
    this.#child = child;
    for (let tries = 0; ; tries++) {
      const answer = await fetch(`${this.url}/`).catch(() => undefined);
      if (answer !== undefined) return;
      if (tries > 300 || child.exitCode !== null) throw new Error("trytond does not start");
      await sleep(100);
    }
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  /** Calls a method as a person does who confirms each warning. */
  async call<Result>(method: string, args: readonly unknown[], context: object = {}): Promise<Result> {
    const { signal } = new AbortController();
    const options = { signal, context: { ...context } };
    for (;;) {
      try {
        return await this.#rpc.call<Result>(`model.${method}`, args, options);
      } catch (error) {
        const warning = error instanceof ErpRefusal ? /: ([0-9a-f]{32}\.\w+) /.exec(error.message)?.[1] : undefined;
        if (warning === undefined) throw error;
        await this.#rpc.call("model.res.user.warning.create", [[{ user: 1, name: warning }]], options);
      }
    }
  }

  /** A company with these products and dealers, for which nothing has moved yet. */
  async setUp(skus: readonly string[], dealers: readonly string[]): Promise<Works> {
    const [currency] = await this.call<[number]>("currency.currency.create", [
      [{ name: "Euro", code: "EUR", symbol: "E" }],
    ]);
    const [owner] = await this.call<[number]>("party.party.create", [[party("works")]]);
    const [company] = await this.call<[number]>("company.company.create", [[{ party: owner, currency }]]);
    await this.call("res.user.write", [[1], { companies: [["add", [company]]], company }]);
    await this.call("party.party.create", [dealers.map(party)]);
    const [unit] = await this.call<[number]>("product.uom.search", [[["name", "=", "Unit"]]]);
    const products = new Map<string, number>();
    for (const sku of skus) {
      const template = { name: sku, type: "goods", default_uom: unit, list_price: ONE, cost_price_method: "fixed" };
      const rows = [{ ...template, products: [["create", [{ suffix_code: sku }]]] }];
      await this.call("product.template.create", [rows], { company });
      const [product] = await this.call<[number]>("product.product.search", [[["code", "=", sku]]]);
      products.set(sku, product);
    }
    const place = async (...condition: unknown[]) =>
      (await this.call<[number]>("stock.location.search", [[condition]]))[0];
    const places = {
      supplier: await place("code", "=", "SUP"),
      customer: await place("code", "=", "CUS"),
      storage: await place("code", "=", "STO"),
      output: await place("code", "=", "OUT"),
      lost: await place("type", "=", "lost_found"),
    };
    return { company, currency, unit, products, places };
  }

  /** A move from place to place, done at once. */
  async move(works: Works, move: { sku: string; quantity: number; from: Place; to: Place }): Promise<void> {
    const { company, currency, unit, products, places } = works;
    const row = {
      product: products.get(move.sku),
      quantity: move.quantity,
      uom: unit,
      from_location: places[move.from],
      to_location: places[move.to],
      company,
      unit_price: ONE,
      currency,
    };
    const ids = await this.call<number[]>("stock.move.create", [[row]], { company });
    await this.call("stock.move.do", [ids], { company });
  }

  /** Shipments made for Holdfast's orders. */
  shipments(): Promise<{ id: number; state: string; reference: string }[]> {
    const domain = [["reference", "like", "holdfast:%"]];
    return this.call("stock.shipment.out.search_read", [domain, 0, null, [["id", "ASC"]], ["state", "reference"]]);
  }

  /** Picks, packs and sends a shipment. */
  async ship(works: Works, shipment: number): Promise<void> {
    const context = { company: works.company };
    await this.call("stock.shipment.out.assign_try", [[shipment]], context);
    for (const step of ["pick", "pack", "done"]) await this.call(`stock.shipment.out.${step}`, [[shipment]], context);
  }

  /** What lies in storage and output. */
  async onHand({ company, places }: Works): Promise<Record<string, bigint>> {
    const context = { company, locations: [places.storage, places.output], with_childs: false };
    const rows = await this.call<{ code: string; quantity: number }[]>(
      "product.product.search_read",
      [[], 0, null, [["code", "ASC"]], ["code", "quantity"]],
      context,
    );
    return Object.fromEntries(rows.map(({ code, quantity }) => [code, BigInt(quantity)]));
  }

  async #admin(...args: string[]): Promise<void> {
    const env = { ...process.env, TRYTONPASSFILE: join(this.#folder, "password") };
    const config = ["-c", join(this.#folder, "trytond.conf"), "-d", "erp"];
    const child = spawn("trytond-admin", [...config, ...args], { env, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (text) => {
      said += text;
    });
    const [code] = (await once(child, "close")) as [number];
    if (code !== 0) throw new Error(`trytond-admin ended with ${code}: ${said.slice(-2_000)}`);
  }
}

type Place = keyof Works["places"];

const ONE = { __class__: "Decimal", decimal: "1" };
const PATIENT = {
  timeoutMs: 30_000,
  attemptsMax: 1,
  concurrentMax: 1,
  requestsPerSecondMax: 1_000,
  breakAfterFailures: 1_000,
  breakForMs: 1,
};

function party(code: string) {
  return { name: code, code, addresses: [["create", [{}]]] };
}
