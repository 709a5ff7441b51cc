/**
 * One run of positions, as a connector tells it that has a million of them. The messages are encoded before, so that it costs the
 * load generator nothing to speak of; the server's flow control says how fast they go.
 */
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  ErpService,
  ReportPositionsRequestSchema,
  type ReportPositionsResponse,
  ReportPositionsResponseSchema,
} from "../../../src/gen/holdfast/v1/erp_service_pb.js";
import { skuName } from "./reserve-message.js";
import { UNITS_OF_EACH_STOCK } from "./stock-feed.js";

const PREFIX_BYTES = 5;
/** As the client cuts them. */
export const POSITIONS_OF_MESSAGE = 2_500;
const PATH = `/${ErpService.typeName}/${ErpService.method.reportPositions.name}`;

export interface ToldStock {
  readonly source: string;
  readonly warehouseId: string;
  /** SKUs first .. first + count - 1, received one after the other as the source's events 1 .. count. */
  readonly first: number;
  /** A multiple of the positions of a message. */
  readonly count: number;
}

export class PositionsReport {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #head: { readonly runId: string; readonly source: string };
  readonly #messages: readonly Buffer[];
  readonly #answered: Promise<ReportPositionsResponse>;
  #told = 0;

  constructor(port: number, runId: string, { source, warehouseId, first, count }: ToldStock) {
    this.#head = { runId, source };
    this.#messages = Array.from({ length: count / POSITIONS_OF_MESSAGE }, (_, message) => {
      const positions = Array.from({ length: POSITIONS_OF_MESSAGE }, (_, index) => ({
        warehouseId,
        sku: skuName(first + message * POSITIONS_OF_MESSAGE + index),
        onHand: UNITS_OF_EACH_STOCK,
        asOfSequence: BigInt(count),
      }));
      return framed({ ...this.#head, positions });
    });
    this.#session = connect(`http://127.0.0.1:${port}`);
    this.#stream = this.#session.request({
      ":method": "POST",
      ":path": PATH,
      "content-type": "application/grpc",
      te: "trailers",
    });
    this.#answered = readAnswer(this.#stream);
    this.#answered.catch(() => {});
  }

  /** Positions that were told. */
  get told(): number {
    return this.#told;
  }

  /** Tells the stock, again and again from its beginning, as fast as the server takes it. */
  async tellUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const message = this.#messages[(this.#told / POSITIONS_OF_MESSAGE) % this.#messages.length]!;
      this.#told += POSITIONS_OF_MESSAGE;
      if (!this.#stream.write(message)) await Promise.race([once(this.#stream, "drain"), this.#answered]);
    }
  }

  /** Ends the run; what it came to. */
  async end(): Promise<ReportPositionsResponse> {
    this.#stream.end(framed({ ...this.#head, last: true }));
    try {
      return await this.#answered;
    } finally {
      this.#session.destroy();
    }
  }
}

async function readAnswer(stream: ClientHttp2Stream): Promise<ReportPositionsResponse> {
  let code = "";
  let text = "no status";
  const noteStatus = (headers: object) => {
    const found = headers as Readonly<Record<string, string>>;
    code = found["grpc-status"] ?? code;
    text = found["grpc-message"] ?? text;
  };
  stream.on("response", noteStatus);
  stream.on("trailers", noteStatus);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  if (code !== "0") throw new Error(`a run of positions ended with gRPC status ${code}: ${text}`);
  return fromBinary(ReportPositionsResponseSchema, Buffer.concat(chunks).subarray(PREFIX_BYTES));
}

function framed(init: Exclude<MessageInitShape<typeof ReportPositionsRequestSchema>, { $typeName: string }>): Buffer {
  const message = toBinary(ReportPositionsRequestSchema, create(ReportPositionsRequestSchema, init));
  const frame = Buffer.alloc(PREFIX_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}
