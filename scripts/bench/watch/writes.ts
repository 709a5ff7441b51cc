/** Asks the server of bare writes to write. */
import type { Connection } from "../load/connection.js";

export const writesPath = "/bench/Write";

export interface WritesAsked {
  readonly messageBytes: number;
  readonly everyMs: number;
  readonly times: number;
}

/** To every open stream; resolves when all is written. */
export function askForWrites(connection: Connection, asked: WritesAsked): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(asked));
  const written = new Promise<void>((resolve, reject) => {
    const onEnd = (status: string, message: string) => {
      if (status === "0") resolve();
      else reject(new Error(`writes ended with gRPC status ${status}: ${message}`));
    };
    const call = connection.startCall(writesPath, { onMessage() {}, onEnd });
    connection.send(call, { byteLength: bytes.length, writeTo: (target, offset) => target.set(bytes, offset) }, true);
    connection.flush();
  });
  return Promise.race([written, connection.broken]);
}
