/** A data folder served in this process: everything that a caller can see of it, as one comparable value. */
import { pino } from "pino";
import type { Outcome } from "../../src/actor/service.js";
import { Host } from "../../src/compose/host.js";
import { imageWorkHere } from "../../src/compose/images/image-work.js";
import type { Answers, Command } from "../../src/domain/command.js";
import { WITHOUT_REST } from "../../src/images/pace.js";
import { systemDisk } from "../../src/journal/system-disk.js";
import { reserve } from "../actor/commands.js";
import { SETTINGS } from "../api/service-harness.js";
import { shape } from "../node/node-harness.js";

export const SEGMENT_BYTES = 16 * 1024;
const DEALERS = ["D1", "D2"];
export const WAREHOUSES = ["W1", "W2"];

export class ServedFolder {
  readonly host: Host;
  /** What the log said that is worth a look: warnings and worse. */
  readonly warnings: readonly string[];

  private constructor(host: Host, warnings: readonly string[]) {
    this.host = host;
    this.warnings = warnings;
  }

  static async open(dataFolder: string): Promise<ServedFolder> {
    const warnings: string[] = [];
    const warn = (_: object, message: string) => warnings.push(message);
    const host = await Host.open({
      dataFolder,
      segmentBytes: SEGMENT_BYTES,
      freeBytesMin: 0,
      settings: { ...SETTINGS, checkpointRecordsMax: 60 },
      images: { everyBytes: 48 * 1024, retention: { keepMs: 0, keepBytes: 0 } },
      imageWork: imageWorkHere(systemDisk, WITHOUT_REST),
      log: Object.assign(pino({ level: "silent" }), { warn, error: warn }),
      onFatal: (cause) => warnings.push(`fatal: ${String(cause)}`),
    });
    return new ServedFolder(host, warnings);
  }

  ask<C extends Command, T>(command: C, render: (answer: Answers[C["kind"]]) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.host.ports.commands.submit(command, render, (outcome: Outcome<T>) => {
        if (outcome.kind === "answered") resolve(outcome.value);
        else reject(new Error(`${command.kind}: ${JSON.stringify(outcome)}`));
      });
    });
  }

  receive(sequence: number, warehouseId: string, sku: string, quantity: number): Promise<void> {
    const body = { kind: "StockReceived" as const, warehouseId, sku, quantity, reference: "" };
    return new Promise((resolve, reject) => {
      const event = { source: "erp", sequence, eventId: `e${sequence}`, occurredAtMs: 0, body };
      this.host.ports.ingest.offer(event, (outcome) => (outcome.kind === "answered" ? resolve() : reject(outcome)));
    });
  }

  /** Reservations, figures, dealers, the ERP's position, and what a repeated request is answered. */
  async state(): Promise<unknown> {
    const reservations: unknown[] = [];
    for (const dealerId of DEALERS) {
      let pageToken = "";
      do {
        const page = { dealerId, orderId: "", warehouseId: "", sku: "", states: [], pageSize: 1_000, pageToken };
        pageToken = await this.ask({ kind: "ListReservations", ...page }, (answer) => {
          reservations.push(...answer.reservations.map((each) => structuredClone(shape(each))));
          return answer.nextPageToken;
        });
      } while (pageToken !== "");
    }
    const { availability, dealers, ingest } = this.host.ports;
    const figures = WAREHOUSES.map((warehouseId) => {
      const page = availability.read({ dealerId: "", warehouseId, skus: [], pageSize: 1_000, pageToken: "" });
      if ("reason" in page) throw new Error(page.message);
      return page.figures.map((figure) => ({ ...figure }));
    });
    const repeated = await this.ask(firstRequest(), ({ outcome, reservation }) => [outcome, reservation?.id]);
    const applied = await new Promise((resolve) => {
      ingest.sourceStatus("erp", (outcome) =>
        resolve(outcome.kind === "answered" ? outcome.value.appliedSequence : outcome.kind),
      );
    });
    return { reservations, figures, repeated, applied, dealer: dealers.get("D2") };
  }

  stop(): Promise<void> {
    return this.host.stop();
  }
}

/** The first of all requests: whoever asks it again is answered from memory, or from the oldest page of answers. */
export function firstRequest() {
  return reserve("request-0", { S0: 1 }, { warehouseId: "W1" });
}
