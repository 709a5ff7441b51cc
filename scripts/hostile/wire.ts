/** HTTP/2 and gRPC as somebody speaks them who keeps to no library's habits. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { createConnection, type Socket } from "node:net";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Target } from "./attack.js";

const PREFIX_BYTES = 5;

/** A socket; rejects where it is turned away before it is open. */
export function openSocket({ host, port }: { readonly host: string; readonly port: number }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port });
    socket.once("connect", () => {
      socket.off("error", reject);
      socket.on("error", () => {});
      resolve(socket);
    });
    socket.once("error", reject);
  });
}

/** A session whose end is no error here. `isGone` once the server has ended it. */
export function openSession({ host, port }: Target, windowBytes?: number): Promise<ClientHttp2Session> {
  const settings = windowBytes === undefined ? {} : { settings: { initialWindowSize: windowBytes } };
  const session = connect(`http://${host}:${port}`, settings);
  session.on("error", () => {});
  return new Promise((resolve, reject) => {
    session.once("connect", () => resolve(session));
    session.once("close", () => reject(new Error("turned away")));
  });
}

export function isOver(session: ClientHttp2Session): boolean {
  return session.destroyed || session.closed;
}

export function openCall(
  session: ClientHttp2Session,
  path: string,
  contentType = "application/grpc",
): ClientHttp2Stream {
  const stream = session.request({ ":method": "POST", ":path": path, "content-type": contentType, te: "trailers" });
  stream.on("error", () => {});
  return stream;
}

export function framed(message: Uint8Array, isCompressed = false): Buffer {
  const frame = Buffer.alloc(PREFIX_BYTES + message.length);
  frame[0] = isCompressed ? 1 : 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

export function requestFrame<D extends DescMessage>(schema: D, fields: MessageInitShape<D>): Buffer {
  return framed(toBinary(schema, create(schema, fields)));
}

/** gRPC's status of a call, or how it ended without one. */
export function endOf(stream: ClientHttp2Stream): Promise<string> {
  return new Promise((resolve) => {
    let status = "";
    const note = (headers: Readonly<Record<string, unknown>>) => {
      if (headers["grpc-status"] !== undefined) status = `status ${headers["grpc-status"]}`;
      else if (headers[":status"] !== undefined && headers[":status"] !== 200) status = `HTTP ${headers[":status"]}`;
    };
    stream.on("response", note);
    stream.on("trailers", note);
    stream.resume();
    stream.once("close", () => resolve(status === "" ? `reset with ${stream.rstCode}` : status));
  });
}

/** Counts equal words: `3 turned away, 2 open`. */
export function tally(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => `${count} ${word}`).join(", ");
}
