/** The replay's ERP: one source that numbers its events 1, 2, 3 ... and sees that each is in effect. */
import { Disposition, type EventInput, type HoldfastClient, timestampFromDate } from "../../client/index.js";
import type { Difference } from "./recount.js";

/** What an event says, without its number. */
export type EventBody = NonNullable<EventInput["body"]>;

export class ErpFeed {
  readonly #client: HoldfastClient;
  readonly #source: string;
  readonly #findings: Difference[];
  #sequence = 0;

  constructor(client: HoldfastClient, source: string, findings: Difference[]) {
    this.#client = client;
    this.#source = source;
    this.#findings = findings;
  }

  /** Sends the events; `onApplied` is called with the place of each that is in effect, in order. */
  async send(bodies: readonly EventBody[], onApplied: (index: number) => void): Promise<void> {
    const first = this.#sequence + 1;
    this.#sequence += bodies.length;
    const events = bodies.map((body, index) => this.#event(first + index, body));
    let index = 0;
    for await (const { disposition, reason, sequence } of this.#client.streamEvents(events)) {
      if (disposition === Disposition.APPLIED) onApplied(index);
      else {
        const found = `${Disposition[disposition]} ${reason}`.trim();
        this.#findings.push({ subject: `event ${sequence}`, field: "disposition", expected: "APPLIED", found });
      }
      index += 1;
    }
  }

  /** Says that the source is alive, so that the figures stay LIVE between deliveries. */
  async heartbeat(): Promise<void> {
    const value = { lastSequence: this.#sequence };
    for await (const _ of this.#client.streamEvents([this.#event(0, { case: "sourceHeartbeat", value })]));
  }

  #event(sequence: number, body: EventBody): EventInput {
    const eventId = `${this.#source}-${sequence}`;
    return { source: this.#source, sequence, eventId, occurTime: timestampFromDate(new Date()), body };
  }
}
