/** What the loads send and how they read the answers: reserves, reserves on a stream, reserve and release in turn. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ReleaseRequestSchema, ReserveResponseSchema } from "../../../src/gen/holdfast/v1/reservation_service_pb.js";
import { ExpectedRequestId, expectReserved, expectStreamReserved } from "./answer.js";
import type { OutgoingMessage } from "./connection.js";
import { PatchedMessage } from "./patched-message.js";
import { paths } from "./paths.js";
import { REQUEST_DIGITS, ReserveMessage, type ReserveMessageOptions } from "./reserve-message.js";
import type { StreamExchange } from "./stream-load.js";
import type { UnaryExchange } from "./unary-load.js";

export type ReserveOptions = Omit<ReserveMessageOptions, "streamed">;

/** Exchanges of unary Reserve calls that share one sequence of requests. */
export function reserveExchanges(options: ReserveOptions): () => UnaryExchange {
  const request = new ReserveMessage({ ...options, streamed: false });
  const exchange: UnaryExchange = { path: paths.reserve, request, onAnswer: expectReserved };
  return () => exchange;
}

/** Exchanges of ReserveStream, each with a sequence of requests of its own, whose answers must come in that order. */
export function reserveStreamExchanges(options: ReserveOptions): () => StreamExchange {
  return () => {
    const message = new ReserveMessage({ ...options, streamed: true });
    const expected = new ExpectedRequestId(message.requestIdPrefix, REQUEST_DIGITS);
    return {
      path: paths.reserveStream,
      message,
      onAnswer: (bytes, start, end) => {
        expected.advance();
        expectStreamReserved(bytes, start, end, expected);
      },
    };
  };
}

/** Exchanges that hold a stock and at once release it, so that the number of its open holds stays as it is. */
export function reserveReleaseExchanges(options: ReserveOptions): () => UnaryExchange {
  const reserve = new ReserveMessage({ ...options, streamed: false });
  return () => new ReserveReleaseExchange(reserve);
}

class ReserveReleaseExchange implements UnaryExchange {
  path: string = paths.reserve;
  request: OutgoingMessage;
  readonly #reserve: ReserveMessage;

  constructor(reserve: ReserveMessage) {
    this.#reserve = reserve;
    this.request = reserve;
  }

  onAnswer(bytes: Buffer, start: number, end: number): void {
    if (this.path === paths.reserve) {
      expectReserved(bytes, start, end);
      this.path = paths.release;
      this.request = encodeReleaseOf(bytes.subarray(start, end));
    } else {
      this.path = paths.reserve;
      this.request = this.#reserve;
    }
  }
}

/** The release of what this ReserveResponse granted. Costs a decode and an encode, which a pair of calls can bear. */
function encodeReleaseOf(response: Uint8Array): OutgoingMessage {
  const { reservation } = fromBinary(ReserveResponseSchema, response);
  if (reservation === undefined) throw new Error("a granted reserve came without its reservation");
  const { reservationId, dealerId } = reservation;
  const release = create(ReleaseRequestSchema, { requestId: `release-${reservationId}`, dealerId, reservationId });
  return new PatchedMessage(toBinary(ReleaseRequestSchema, release));
}
