/**
 * Unary calls, with a fixed number in flight on each connection: as one is answered, the next is sent. Each place in
 * that number has an exchange of its own, which says what to send next and reads the answer.
 */
import type { Connection, OutgoingMessage } from "./connection.js";
import type { Load } from "./load.js";
import type { MessageListener } from "./message-reader.js";
import type { CallListener } from "./open-call.js";

export interface UnaryExchange {
  readonly path: string;
  /** What the next call sends. */
  readonly request: OutgoingMessage;
  onAnswer(bytes: Buffer, start: number, end: number): void;
}

export interface UnaryLoadOptions {
  readonly connections: readonly Connection[];
  readonly inFlightPerConnection: number;
  readonly makeExchange: () => UnaryExchange;
}

export class UnaryLoad implements Load {
  answered = 0;
  readonly #connections: readonly Connection[];
  readonly #idle: Slot[][];
  #toSend = 0;
  #inFlight = 0;
  #whenDrained: () => void = () => {};

  constructor(options: UnaryLoadOptions) {
    this.#connections = options.connections;
    this.#idle = options.connections.map((connection) => {
      const idle: Slot[] = [];
      const onAnswered = (slot: Slot) => this.#onAnswered(slot, idle);
      for (let slot = 0; slot < options.inFlightPerConnection; slot++) {
        idle.push(new Slot(connection, options.makeExchange(), onAnswered));
      }
      return idle;
    });
  }

  start(limit = Number.POSITIVE_INFINITY): void {
    this.#toSend = limit;
    for (const [index, connection] of this.#connections.entries()) {
      connection.afterRead = () => this.#fill(index);
      this.#fill(index);
      connection.flush();
    }
  }

  stop(): Promise<void> {
    this.#toSend = 0;
    return this.finished();
  }

  async finished(): Promise<void> {
    const drained = new Promise<void>((resolve) => {
      this.#whenDrained = resolve;
    });
    if (this.#toSend === 0 && this.#inFlight === 0) return;
    await Promise.race([drained, ...this.#connections.map((connection) => connection.broken)]);
  }

  #fill(index: number): void {
    const idle = this.#idle[index]!;
    while (this.#toSend > 0) {
      const slot = idle.at(-1);
      if (slot === undefined || !slot.canSend()) return;
      idle.pop();
      this.#toSend--;
      this.#inFlight++;
      slot.send();
    }
  }

  #onAnswered(slot: Slot, idle: Slot[]): void {
    this.answered++;
    this.#inFlight--;
    idle.push(slot);
    if (this.#toSend === 0 && this.#inFlight === 0) this.#whenDrained();
  }
}

/** One of the calls in flight. */
class Slot implements CallListener {
  readonly #connection: Connection;
  readonly #exchange: UnaryExchange;
  readonly #onAnswered: (slot: Slot) => void;
  readonly onMessage: MessageListener;
  #answers = 0;

  constructor(connection: Connection, exchange: UnaryExchange, onAnswered: (slot: Slot) => void) {
    this.#connection = connection;
    this.#exchange = exchange;
    this.#onAnswered = onAnswered;
    this.onMessage = (bytes, start, end) => {
      this.#answers++;
      exchange.onAnswer(bytes, start, end);
    };
  }

  canSend(): boolean {
    return this.#connection.canStart(this.#exchange.request.byteLength);
  }

  send(): void {
    this.#answers = 0;
    const call = this.#connection.startCall(this.#exchange.path, this);
    this.#connection.send(call, this.#exchange.request, true);
  }

  onEnd(status: string, message: string): void {
    if (status !== "0") throw new Error(`a call ended with gRPC status ${status}: ${message}`);
    if (this.#answers !== 1) throw new Error(`a call was answered ${this.#answers} times`);
    this.#onAnswered(this);
  }
}
