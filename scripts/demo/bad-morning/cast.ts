/** Who takes part: the service and the ERP simulator, each a process of its own. */
import type { SimCounts, SimReport } from "../../erp-sim/sim-report.js";
import { Child } from "./child.js";

export const SOURCE = "erp";

export interface Stage {
  readonly warehouseIds: readonly string[];
  readonly skus: number;
  readonly unitsOfEach: number;
  readonly seed: number;
}

export interface Service {
  readonly address: string;
  end(): Promise<void>;
}

/** The service as `npm start` runs it, on a port and a folder of its own. */
export async function startService(dataFolder: string): Promise<Service> {
  const child = new Child(["dist/cli/main.js", "serve", "--listen", "127.0.0.1:0", "--data", dataFolder], {
    HOLDFAST_LOG_FORMAT: "json",
  });
  const line = await child.line((text) => text.includes('"serving"'));
  return { address: String((JSON.parse(line) as { listen: string }).listen), end: () => child.end() };
}

/** `npm run erp-sim`, told what to do line by line. */
export class SimulatedErp {
  readonly #child: Child;

  constructor(address: string, stage: Stage) {
    const options = {
      server: address,
      source: SOURCE,
      warehouses: stage.warehouseIds.join(","),
      skus: stage.skus,
      units: stage.unitsOfEach,
      seed: stage.seed,
      heartbeat: "1s",
      "dispatch-after": "3s-12s",
      "happen-every": "250ms",
    };
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.#child = new Child(["--import", "tsx", "scripts/erp-sim/main.ts", "--json", ...flags]);
  }

  tell(order: string): void {
    this.#child.say(order);
  }

  async counts(): Promise<SimCounts> {
    const answer = this.#child.line((line) => line.startsWith('{"status"'));
    this.#child.say("status");
    return (JSON.parse(await answer) as { status: SimCounts }).status;
  }

  /** Ends it; what is true in its books. */
  async quit(): Promise<SimReport> {
    const report = this.#child.line((line) => line.includes('"warehouses"'));
    this.#child.say("quit");
    const told = JSON.parse(await report) as SimReport;
    await this.#child.end();
    return told;
  }

  end(): Promise<void> {
    return this.#child.end("SIGKILL");
  }
}
