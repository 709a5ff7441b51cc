/** Holdfast's contract over a peer's store, as lean as grpc-js allows: decode, ask the store, encode. */
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import {
  Disposition,
  type StreamEventsRequest,
  StreamEventsRequestSchema,
  type StreamEventsResponse,
  StreamEventsResponseSchema,
} from "../../../../src/gen/holdfast/v1/erp_service_pb.js";
import {
  CommitRequestSchema,
  CommitResponseSchema,
  ReleaseRequestSchema,
  ReleaseResponseSchema,
  type ReserveRequest,
  ReserveRequestSchema,
  type ReserveResponse,
  ReserveResponseSchema,
  type ReserveStreamRequest,
  ReserveStreamRequestSchema,
  type ReserveStreamResponse,
  ReserveStreamResponseSchema,
} from "../../../../src/gen/holdfast/v1/reservation_service_pb.js";
import { paths } from "../../load/paths.js";
import { type MethodMessages, methodDefinition } from "../../method-definition.js";
import type { PeerStore, RefusalReason } from "../stores/peer-store.js";
import { OrderedAnswers } from "./ordered-answers.js";
import { readChange, readReserve, UnfitRequest } from "./read-requests.js";
import { commitAnswer, grantedAnswer, releaseAnswer, shortAnswer } from "./write-answers.js";

const refusalCodes: Readonly<Record<RefusalReason, grpc.status>> = {
  REQUEST_ID_REUSED: grpc.status.ALREADY_EXISTS,
  SKU_NOT_FOUND: grpc.status.NOT_FOUND,
  RESERVATION_NOT_FOUND: grpc.status.NOT_FOUND,
  RESERVATION_COMMITTED: grpc.status.FAILED_PRECONDITION,
  RESERVATION_RELEASED: grpc.status.FAILED_PRECONDITION,
  RESERVATION_EXPIRED: grpc.status.FAILED_PRECONDITION,
};

/** How a call ends that has no answer. */
interface Failure {
  readonly code: grpc.status;
  readonly details: string;
}

/** Adds the methods that the race calls. */
export function addPeerMethods(server: grpc.Server, store: PeerStore): void {
  addUnary(
    server,
    { path: paths.reserve, streamed: false, input: ReserveRequestSchema, output: ReserveResponseSchema },
    (request) => reserve(store, request),
  );
  addUnary(
    server,
    { path: paths.commit, streamed: false, input: CommitRequestSchema, output: CommitResponseSchema },
    async (request) => {
      const change = readChange("commit", request);
      const decision = await store.commit(change);
      if (decision.kind === "refused") throw refused(decision.reason);
      return commitAnswer(change, decision);
    },
  );
  addUnary(
    server,
    { path: paths.release, streamed: false, input: ReleaseRequestSchema, output: ReleaseResponseSchema },
    async (request) => {
      const change = readChange("release", request);
      const decision = await store.release(change);
      if (decision.kind === "refused") throw refused(decision.reason);
      return releaseAnswer(change, decision);
    },
  );
  addStream(
    server,
    {
      path: paths.reserveStream,
      streamed: true,
      input: ReserveStreamRequestSchema,
      output: ReserveStreamResponseSchema,
    },
    (request) => reserveOfStream(store, request),
  );
  addStream(
    server,
    { path: paths.streamEvents, streamed: true, input: StreamEventsRequestSchema, output: StreamEventsResponseSchema },
    (request) => receive(store, request),
  );
}

async function reserve(store: PeerStore, request: ReserveRequest): Promise<ReserveResponse> {
  const order = readReserve(request);
  const decision = await store.reserve(order);
  switch (decision.kind) {
    case "granted":
      return grantedAnswer(order, decision);
    case "short":
      return shortAnswer(order, decision);
    case "refused":
      throw refused(decision.reason);
  }
}

async function reserveOfStream(store: PeerStore, request: ReserveStreamRequest): Promise<ReserveStreamResponse> {
  const requestId = request.reserve?.requestId ?? "";
  const result = await reserve(store, request.reserve!).then(
    (value) => ({ case: "response" as const, value }),
    (cause: unknown) => ({ case: "error" as const, value: statusMessage(failureOf(cause)) }),
  );
  return { $typeName: "holdfast.v1.ReserveStreamResponse", requestId, result };
}

/** Goods received, which is how the stock for a race comes in. */
async function receive(store: PeerStore, request: StreamEventsRequest): Promise<StreamEventsResponse> {
  const { source, sequence, body } = request.event!;
  const isGoods = body.case === "stockReceived";
  if (isGoods) await store.receive(body.value.warehouseId, body.value.sku, Number(body.value.quantity));
  const disposition = isGoods ? Disposition.APPLIED : Disposition.REJECTED;
  return { $typeName: "holdfast.v1.StreamEventsResponse", source, sequence, disposition, reason: "", missing: [] };
}

function addUnary<I extends DescMessage, O extends DescMessage>(
  server: grpc.Server,
  method: MethodMessages<I, O>,
  answer: (request: MessageShape<I>) => Promise<MessageShape<O>>,
): void {
  const handle: grpc.handleUnaryCall<MessageShape<I>, MessageShape<O>> = (call, callback) => {
    answer(call.request).then(
      (response) => callback(null, response),
      (cause: unknown) => callback(failureOf(cause)),
    );
  };
  server.addService({ method: methodDefinition(method) }, { method: handle });
}

function addStream<I extends DescMessage, O extends DescMessage>(
  server: grpc.Server,
  method: MethodMessages<I, O>,
  answer: (request: MessageShape<I>) => Promise<MessageShape<O>>,
): void {
  const handle: grpc.handleBidiStreamingCall<MessageShape<I>, MessageShape<O>> = (call) => {
    const answers = new OrderedAnswers<MessageShape<O>>(
      (response) => call.write(response),
      () => call.end(),
    );
    call.on("data", (request: MessageShape<I>) => {
      answer(request).then(answers.next(), (cause: unknown) => call.emit("error", failureOf(cause)));
    });
    call.on("end", () => answers.end());
  };
  server.addService({ method: methodDefinition(method) }, { method: handle });
}

/** Thrown, so that it leaves an answer's making as a failure. */
class Refused extends Error {
  constructor(readonly reason: RefusalReason) {
    super(reason);
  }
}

function refused(reason: RefusalReason): Refused {
  return new Refused(reason);
}

function failureOf(cause: unknown): Failure {
  if (cause instanceof Refused) return { code: refusalCodes[cause.reason], details: cause.reason };
  if (cause instanceof UnfitRequest) {
    const code = cause.isSupported ? grpc.status.INVALID_ARGUMENT : grpc.status.UNIMPLEMENTED;
    return { code, details: cause.message };
  }
  console.error(cause);
  return { code: grpc.status.INTERNAL, details: "the store failed" };
}

function statusMessage({ code, details }: Failure) {
  return { $typeName: "google.rpc.Status" as const, code, message: details, details: [] };
}
