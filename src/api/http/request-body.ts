/**
 * The body of a request as the Connect library is given it: whole messages, inflated, each within the bounds that a message over
 * gRPC has. The library would take as many pieces, elements and values as fit into the largest message.
 */
import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { compressionGzip } from "@connectrpc/connect-node";
import { EDGE_LIMITS } from "../../limits.js";
import { withinElementBounds } from "../element-bounds.js";
import type { BodyReader } from "./body-reader.js";
import { withinJsonBounds } from "./json-bounds.js";

/** How the messages of a request are written. */
interface BodyForm {
  readonly isJson: boolean;
  /** Messages in envelopes, as streams and gRPC-Web have them; else the body is the message. */
  readonly isEnveloped: boolean;
  /** The header that names the compression. */
  readonly encodingHeader: "content-encoding" | "connect-content-encoding" | "grpc-encoding";
}

const CONTENT_TYPE = /^application\/(?:(connect)\+|(grpc-web)(?:\+|$))?(json|proto)?(?:$|;)/i;
const ENVELOPE_HEAD_BYTES = 5;
const COMPRESSED_FLAG = 1;

/**
 * Lets answers be compressed, and questions in a URL, which the library reads itself: they may inflate to no more than costs little,
 * whatever stands in them. All other requests are inflated here.
 */
export const GZIP: Compression = {
  name: compressionGzip.name,
  compress: (bytes) => compressionGzip.compress(bytes),
  decompress: (bytes, readMaxBytes) =>
    compressionGzip.decompress(bytes, Math.min(readMaxBytes, 2 * EDGE_LIMITS.elementsMax)),
};

export interface RequestBody {
  readonly header: Headers;
  readonly body: AsyncIterable<Uint8Array>;
}

/** The headers and the body for the library; `schema` is of the request's messages. What it will refuse unread is not touched. */
export function boundedBody(
  reader: BodyReader,
  { header, schema, bytesMax }: { readonly header: Headers; readonly schema: DescMessage; readonly bytesMax: number },
): RequestBody {
  const form = formOf(header.get("content-type") ?? "");
  const encoding = form && header.get(form.encodingHeader);
  const isCompressed = encoding === GZIP.name;
  if (form === undefined || (encoding && encoding !== "identity" && !isCompressed)) return { header, body: nothing() };
  const rest = new Headers(header);
  rest.delete(form.encodingHeader);
  rest.delete("content-length");
  const bound = (bytes: Uint8Array) => (form.isJson ? withinJsonBounds(bytes) : withinElementBounds(schema, bytes));
  const announced = Number(header.get("content-length") ?? 0);
  const read: ReadOptions = { bytesMax, isCompressed, bound, announced };
  return { header: rest, body: released(reader, form.isEnveloped ? envelopes(reader, read) : message(reader, read)) };
}

function formOf(contentType: string): BodyForm | undefined {
  const [matched, connect, grpcWeb, format] = CONTENT_TYPE.exec(contentType) ?? [];
  if (matched === undefined) return undefined;
  const isJson = format?.toLowerCase() === "json";
  if (grpcWeb !== undefined) return { isJson, isEnveloped: true, encodingHeader: "grpc-encoding" };
  if (connect !== undefined) return { isJson, isEnveloped: true, encodingHeader: "connect-content-encoding" };
  return { isJson, isEnveloped: false, encodingHeader: "content-encoding" };
}

interface ReadOptions {
  readonly bytesMax: number;
  readonly isCompressed: boolean;
  /** Of the body; 0 when not known. */
  readonly announced: number;
  readonly bound: (bytes: Uint8Array) => Uint8Array;
}

async function* message(reader: BodyReader, options: ReadOptions): AsyncGenerator<Uint8Array> {
  const { bytesMax, isCompressed, bound, announced } = options;
  if (announced > bytesMax) throw tooLarge(bytesMax);
  const bytes = await reader.read(bytesMax + 1);
  if (bytes.byteLength > bytesMax) throw tooLarge(bytesMax);
  yield bound(isCompressed ? await compressionGzip.decompress(bytes, bytesMax) : bytes);
}

async function* envelopes(reader: BodyReader, options: ReadOptions): AsyncGenerator<Uint8Array> {
  const { bytesMax, isCompressed, bound } = options;
  for (;;) {
    const head = await reader.read(ENVELOPE_HEAD_BYTES);
    if (head.byteLength === 0) return;
    const length = head.byteLength === ENVELOPE_HEAD_BYTES ? head.readUInt32BE(1) : 0;
    if (length > bytesMax) throw tooLarge(bytesMax);
    let data: Uint8Array = await reader.read(length);
    if (head.byteLength < ENVELOPE_HEAD_BYTES || data.byteLength < length) {
      throw new ConnectError("the message breaks off", Code.InvalidArgument);
    }
    let flags = head[0]!;
    if (isCompressed && (flags & COMPRESSED_FLAG) !== 0) {
      data = await compressionGzip.decompress(data, bytesMax);
      flags ^= COMPRESSED_FLAG;
    }
    // Other flags stand for the end of the stream, which is no message.
    if (flags === 0) data = bound(data);
    yield envelope(flags, data);
    reader.release();
  }
}

function envelope(flags: number, data: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(ENVELOPE_HEAD_BYTES + data.byteLength);
  bytes.writeUInt8(flags, 0);
  bytes.writeUInt32BE(data.byteLength, 1);
  bytes.set(data, ENVELOPE_HEAD_BYTES);
  return bytes;
}

async function* released(reader: BodyReader, messages: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* messages;
  } finally {
    reader.release();
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function tooLarge(bytesMax: number): ConnectError {
  return new ConnectError(`the message is larger than ${bytesMax} bytes`, Code.ResourceExhausted);
}
