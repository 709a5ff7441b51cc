/**
 * The bridge from protobuf-es method descriptors to grpc-js calls: path, encoder and decoder, nothing more.
 */
import {
  type DescMessage,
  type DescMethod,
  type DescMethodBiDiStreaming,
  type DescMethodClientStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import {
  type CallOptions,
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";

/** One attempt of a unary call. */
export function startUnary<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: DescMethodUnary<I, O>,
  call: { request: MessageShape<I>; metadata: Metadata; options: CallOptions },
  settle: (error: ServiceError | null, response?: MessageShape<O>) => void,
): ClientUnaryCall {
  const { request, metadata, options } = call;
  return client.makeUnaryRequest(
    pathOf(method),
    encoder(method.input),
    decoder(method.output),
    request,
    metadata,
    options,
    settle,
  );
}

/** Opens a stream in both directions. */
export function startDuplex<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: DescMethodBiDiStreaming<I, O>,
  metadata: Metadata,
): ClientDuplexStream<MessageShape<I>, MessageShape<O>> {
  return client.makeBidiStreamRequest(pathOf(method), encoder(method.input), decoder(method.output), metadata);
}

/** Opens a stream from us, answered once. */
export function startClientStream<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: DescMethodClientStreaming<I, O>,
  options: CallOptions,
  settle: (error: ServiceError | null, response?: MessageShape<O>) => void,
): ClientWritableStream<MessageShape<I>> {
  const metadata = new Metadata();
  return client.makeClientStreamRequest(
    pathOf(method),
    encoder(method.input),
    decoder(method.output),
    metadata,
    options,
    settle,
  );
}

/** Opens a stream to us. */
export function startServerStream<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: DescMethodServerStreaming<I, O>,
  request: MessageShape<I>,
): ClientReadableStream<MessageShape<O>> {
  return client.makeServerStreamRequest(
    pathOf(method),
    encoder(method.input),
    decoder(method.output),
    request,
    new Metadata(),
  );
}

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function encoder<Desc extends DescMessage>(desc: Desc): (message: MessageShape<Desc>) => Buffer {
  return (message) => {
    const bytes = toBinary(desc, message);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

function decoder<Desc extends DescMessage>(desc: Desc): (bytes: Buffer) => MessageShape<Desc> {
  return (bytes) => fromBinary(desc, bytes);
}
