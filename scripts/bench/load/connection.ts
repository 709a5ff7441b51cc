/**
 * One gRPC connection of the load generator, over a plain socket: it sends messages that are encoded already and hands
 * over the bytes of the answers. node:http2 as a client costs more processor time for each call than the server under
 * test does, so on two cores it would measure itself; this costs a tenth of it.
 *
 * It is not a general client: no TLS, no compression, no retries, no requests above one frame, and anything unexpected
 * ends the connection with an error, because a benchmark has nothing to recover.
 *
 * 1. Calls are opened in the order of their ids, and header blocks are read in the order of the wire.
 * 2. Never more is sent than both flow-control windows allow: `canStart` or `canSend` is asked before each message.
 * 3. What is written during one read goes out in one write at its end; written outside of a read, at `flush`.
 */
import { connect, type Socket } from "node:net";
import { type ByteRange, FrameReader } from "./frame-reader.js";
import { HeaderDecoder } from "./header-decoder.js";
import {
  CONNECTION_PREFACE,
  encodeSettings,
  encodeWindowBytes,
  FRAME_PAYLOAD_BYTES_MAX,
  frameFlags,
  frameTypes,
  readSettings,
  settingIds,
  WINDOW_BYTES_INITIAL,
  WINDOW_BYTES_MAX,
} from "./http2-frames.js";
import { type CallListener, OpenCall } from "./open-call.js";
import { OutgoingFrames } from "./outgoing-frames.js";
import { RequestHeaders } from "./request-headers.js";

const GRPC_PREFIX_BYTES = 5;
/** For reading, and again for writing: a connection that carries a load fills them. */
const BUFFER_BYTES = 256 * 1024;
const NO_BYTES = Buffer.alloc(0);
/** Received bytes after which a window is opened again: rarely, and long before 2^31 - 1 of them are used up. */
const WINDOW_TOP_UP_BYTES = 2 ** 26;

/** A message in its encoded form, written straight into the bytes that go out. */
export interface OutgoingMessage {
  readonly byteLength: number;
  writeTo(target: Buffer, offset: number): void;
}

export class Connection {
  /** Rejected when the connection breaks; never resolved. */
  readonly broken: Promise<never>;
  /** Called after each read, before what was written meanwhile is sent: the place to send more. */
  afterRead: () => void = () => {};

  readonly #socket: Socket;
  readonly #out: OutgoingFrames;
  readonly #frames = new FrameReader((...frame) => this.#onFrame(...frame));
  readonly #headerDecoder = new HeaderDecoder();
  readonly #requestHeaders = new RequestHeaders();
  readonly #calls = new Map<number, OpenCall>();
  #nextCallId = 1;
  #callsMax = Number.POSITIVE_INFINITY;
  #sendWindowBytes = WINDOW_BYTES_INITIAL;
  #callSendWindowBytes = WINDOW_BYTES_INITIAL;
  #receivedBytes = 0;
  #closed = false;
  #break: (error: Error) => void = () => {};

  private constructor(port: number, bufferBytes: number) {
    this.broken = new Promise((_, reject) => {
      this.#break = reject;
    });
    this.broken.catch(() => {});
    const buffer = Buffer.allocUnsafe(bufferBytes);
    const onread = { buffer, callback: (byteCount: number) => this.#onRead(buffer.subarray(0, byteCount)) };
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true, onread });
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("the server closed the connection")));
    this.#out = new OutgoingFrames(this.#socket, bufferBytes);
  }

  /** Connects to a port of this machine, with windows so large that the server never waits for this client. */
  static async open(port: number, bufferBytes = BUFFER_BYTES): Promise<Connection> {
    const connection = new Connection(port, bufferBytes);
    const connected = new Promise<void>((resolve) => connection.#socket.once("connect", resolve));
    await Promise.race([connected, connection.broken]);
    connection.#socket.write(CONNECTION_PREFACE);
    const settings = encodeSettings([
      { id: settingIds.enablePush, value: 0 },
      { id: settingIds.initialWindowBytes, value: WINDOW_BYTES_MAX },
    ]);
    connection.#out.add({ type: frameTypes.settings, flags: 0, streamId: 0 }, settings);
    connection.#openWindow(0, WINDOW_BYTES_MAX - WINDOW_BYTES_INITIAL);
    connection.flush();
    return connection;
  }

  /** Whether another call with a first message of this size may be started now. */
  canStart(messageBytes: number): boolean {
    return this.#calls.size < this.#callsMax && this.#sendWindowBytes >= messageBytes + GRPC_PREFIX_BYTES;
  }

  /** Whether a message of this size may be sent on the call now. */
  canSend(call: OpenCall, messageBytes: number): boolean {
    return Math.min(this.#sendWindowBytes, call.sendWindowBytes) >= messageBytes + GRPC_PREFIX_BYTES;
  }

  /** Starts a call to `/package.Service/Method`. */
  startCall(path: string, listener: CallListener): OpenCall {
    const call = new OpenCall(this.#nextCallId, listener, this.#callSendWindowBytes);
    this.#nextCallId += 2;
    this.#calls.set(call.id, call);
    const header = { type: frameTypes.headers, flags: frameFlags.endHeaders, streamId: call.id };
    this.#out.add(header, this.#requestHeaders.block(path));
    return call;
  }

  /** Sends one message; `last` also ends this side of the call. */
  send(call: OpenCall, message: OutgoingMessage, last: boolean): void {
    const payloadBytes = GRPC_PREFIX_BYTES + message.byteLength;
    if (payloadBytes > FRAME_PAYLOAD_BYTES_MAX) throw new Error(`a request of ${payloadBytes} bytes is too large`);
    const flags = last ? frameFlags.endStream : 0;
    const at = this.#out.begin({ payloadBytes, type: frameTypes.data, flags, streamId: call.id });
    this.#out.bytes[at] = 0;
    this.#out.bytes.writeUInt32BE(message.byteLength, at + 1);
    message.writeTo(this.#out.bytes, at + GRPC_PREFIX_BYTES);
    this.#sendWindowBytes -= payloadBytes;
    call.sendWindowBytes -= payloadBytes;
  }

  /** Ends this side of a call without another message. */
  endCall(call: OpenCall): void {
    this.#out.add({ type: frameTypes.data, flags: frameFlags.endStream, streamId: call.id }, NO_BYTES);
  }

  /** Sends what was written so far. */
  flush(): void {
    this.#out.flush();
  }

  /** Reads nothing more, as a caller that hangs. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** Ends the connection without waiting for open calls. */
  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  #onRead(chunk: Buffer): boolean {
    if (this.#closed) return false;
    try {
      this.#frames.read(chunk);
      this.afterRead();
      this.flush();
    } catch (error) {
      this.#fail(error as Error);
    }
    return true;
  }

  #onFrame(type: number, flags: number, streamId: number, bytes: Buffer, { start, end }: ByteRange): void {
    switch (type) {
      case frameTypes.data:
        this.#onData(flags, streamId, bytes, { start, end });
        break;
      case frameTypes.headers:
        this.#onHeaders(flags, streamId, bytes.subarray(start, end));
        break;
      case frameTypes.settings:
        if ((flags & frameFlags.acknowledge) === 0) this.#onSettings(bytes.subarray(start, end));
        break;
      case frameTypes.windowUpdate:
        this.#onWindowUpdate(streamId, bytes.readUInt32BE(start));
        break;
      case frameTypes.ping:
        if ((flags & frameFlags.acknowledge) === 0) this.#acknowledge(type, bytes.subarray(start, end));
        break;
      case frameTypes.resetStream:
        // After the end of a call it only says that the server will read no more of it.
        if (this.#calls.has(streamId)) throw new Error(`a call was reset, HTTP/2 code ${bytes.readUInt32BE(start)}`);
        break;
      case frameTypes.goAway:
        throw new Error(`the server ends the connection, HTTP/2 code ${bytes.readUInt32BE(start + 4)}`);
      default:
        throw new Error(`unexpected HTTP/2 frame of type ${type}`);
    }
  }

  #onData(flags: number, streamId: number, bytes: Buffer, { start, end }: ByteRange): void {
    if ((flags & frameFlags.padded) !== 0) throw new Error("padded frames are not read");
    const call = this.#call(streamId);
    call.readData(bytes, start, end);
    this.#receivedBytes += end - start;
    if (this.#receivedBytes >= WINDOW_TOP_UP_BYTES) {
      this.#openWindow(0, this.#receivedBytes);
      this.#receivedBytes = 0;
    }
    if (call.receivedBytes >= WINDOW_TOP_UP_BYTES) {
      this.#openWindow(streamId, call.receivedBytes);
      call.receivedBytes = 0;
    }
    if ((flags & frameFlags.endStream) !== 0) this.#onEnd(call);
  }

  #onHeaders(flags: number, streamId: number, block: Buffer): void {
    const unread = frameFlags.padded | frameFlags.priority;
    if ((flags & frameFlags.endHeaders) === 0 || (flags & unread) !== 0) throw new Error("split headers are not read");
    const call = this.#call(streamId);
    call.readHeaders(this.#headerDecoder.decode(block));
    if ((flags & frameFlags.endStream) !== 0) this.#onEnd(call);
  }

  #onEnd(call: OpenCall): void {
    this.#calls.delete(call.id);
    call.end();
  }

  #onSettings(payload: Buffer): void {
    for (const { id, value } of readSettings(payload)) {
      if (id === settingIds.concurrentStreamsMax) this.#callsMax = value;
      if (id === settingIds.initialWindowBytes) {
        for (const call of this.#calls.values()) call.sendWindowBytes += value - this.#callSendWindowBytes;
        this.#callSendWindowBytes = value;
      }
    }
    this.#acknowledge(frameTypes.settings, NO_BYTES);
  }

  #onWindowUpdate(streamId: number, bytes: number): void {
    if (streamId === 0) {
      this.#sendWindowBytes += bytes;
    } else {
      // An update may still be under way for a call that has ended.
      const call = this.#calls.get(streamId);
      if (call !== undefined) call.sendWindowBytes += bytes;
    }
  }

  #openWindow(streamId: number, bytes: number): void {
    this.#out.add({ type: frameTypes.windowUpdate, flags: 0, streamId }, encodeWindowBytes(bytes));
  }

  #acknowledge(type: number, payload: Buffer): void {
    this.#out.add({ type, flags: frameFlags.acknowledge, streamId: 0 }, payload);
  }

  #call(streamId: number): OpenCall {
    const call = this.#calls.get(streamId);
    if (call === undefined) throw new Error(`an answer to call ${streamId}, which is not open`);
    return call;
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.#break(error);
  }
}
