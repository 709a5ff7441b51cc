/**
 * Messages on bidirectional streams, with a fixed number unanswered on each: as answers arrive, as many are sent. The
 * streams stay open over stops and starts, as those of an order service would.
 */
import type { Connection, OutgoingMessage } from "./connection.js";
import type { Load } from "./load.js";
import type { MessageListener } from "./message-reader.js";
import type { CallListener, OpenCall } from "./open-call.js";

/** The two ends of one stream: what to send next, and what the answers must be. */
export interface StreamExchange {
  readonly path: string;
  readonly message: OutgoingMessage;
  onAnswer(bytes: Buffer, start: number, end: number): void;
}

export interface StreamLoadOptions {
  readonly connections: readonly Connection[];
  readonly streamsPerConnection: number;
  /** Messages on each stream that may be unanswered. */
  readonly window: number;
  readonly makeExchange: (stream: number) => StreamExchange;
}

export class StreamLoad implements Load {
  readonly #connections: readonly Connection[];
  readonly #streams: readonly (readonly OpenStream[])[];
  readonly #budget: SendBudget = { toSend: 0, unanswered: 0, answered: 0, onDrained: () => {} };

  constructor(options: StreamLoadOptions) {
    this.#connections = options.connections;
    this.#streams = options.connections.map((connection, at) =>
      Array.from({ length: options.streamsPerConnection }, (_, stream) => {
        const exchange = options.makeExchange(at * options.streamsPerConnection + stream);
        return new OpenStream(connection, exchange, options.window, this.#budget);
      }),
    );
  }

  get answered(): number {
    return this.#budget.answered;
  }

  start(limit = Number.POSITIVE_INFINITY): void {
    this.#budget.toSend = limit;
    for (const [index, connection] of this.#connections.entries()) {
      const fill = () => {
        for (const stream of this.#streams[index]!) stream.fill();
      };
      connection.afterRead = fill;
      fill();
      connection.flush();
    }
  }

  stop(): Promise<void> {
    this.#budget.toSend = 0;
    return this.finished();
  }

  async finished(): Promise<void> {
    const drained = new Promise<void>((resolve) => {
      this.#budget.onDrained = resolve;
    });
    if (this.#budget.toSend === 0 && this.#budget.unanswered === 0) return;
    await Promise.race([drained, ...this.#connections.map((connection) => connection.broken)]);
  }

  /** Ends every stream, once nothing is unanswered. */
  end(): void {
    for (const stream of this.#streams.flat()) stream.end();
    for (const connection of this.#connections) connection.flush();
  }
}

/** What all streams of one load share. */
interface SendBudget {
  toSend: number;
  unanswered: number;
  answered: number;
  onDrained: () => void;
}

class OpenStream implements CallListener {
  readonly onMessage: MessageListener;
  readonly #connection: Connection;
  readonly #exchange: StreamExchange;
  readonly #window: number;
  readonly #budget: SendBudget;
  readonly #call: OpenCall;
  #unanswered = 0;
  #ended = false;

  constructor(connection: Connection, exchange: StreamExchange, window: number, budget: SendBudget) {
    this.#connection = connection;
    this.#exchange = exchange;
    this.#window = window;
    this.#budget = budget;
    this.onMessage = (bytes, start, end) => this.#onAnswer(bytes, start, end);
    this.#call = connection.startCall(exchange.path, this);
  }

  fill(): void {
    while (this.#budget.toSend > 0 && this.#unanswered < this.#window) {
      const { message } = this.#exchange;
      if (!this.#connection.canSend(this.#call, message.byteLength)) return;
      this.#budget.toSend--;
      this.#budget.unanswered++;
      this.#unanswered++;
      this.#connection.send(this.#call, message, false);
    }
  }

  end(): void {
    this.#ended = true;
    this.#connection.endCall(this.#call);
  }

  onEnd(status: string, message: string): void {
    if (this.#ended && status === "0") return;
    throw new Error(`a stream ended with gRPC status ${status}: ${message}`);
  }

  #onAnswer(bytes: Buffer, start: number, end: number): void {
    this.#exchange.onAnswer(bytes, start, end);
    this.#unanswered--;
    this.#budget.unanswered--;
    this.#budget.answered++;
    if (this.#budget.toSend === 0 && this.#budget.unanswered === 0) this.#budget.onDrained();
  }
}
