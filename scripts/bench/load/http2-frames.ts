/** The frames of HTTP/2 (RFC 9113) that a gRPC client meets. */

export const FRAME_HEADER_BYTES = 9;
/** The largest payload that a peer must take unless it says more. */
export const FRAME_PAYLOAD_BYTES_MAX = 16_384;
/** What both flow-control windows start with unless the peer says otherwise. */
export const WINDOW_BYTES_INITIAL = 65_535;
export const WINDOW_BYTES_MAX = 2 ** 31 - 1;

export const frameTypes = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
} as const;

export const frameFlags = { acknowledge: 0x1, endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

export const settingIds = { enablePush: 2, concurrentStreamsMax: 3, initialWindowBytes: 4 } as const;

export const CONNECTION_PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

export interface FrameHeader {
  readonly payloadBytes: number;
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
}

export function writeFrameHeader(target: Buffer, offset: number, header: FrameHeader): void {
  target[offset] = header.payloadBytes >> 16;
  target[offset + 1] = header.payloadBytes >> 8;
  target[offset + 2] = header.payloadBytes;
  target[offset + 3] = header.type;
  target[offset + 4] = header.flags;
  target.writeUInt32BE(header.streamId, offset + 5);
}

export interface Setting {
  readonly id: number;
  readonly value: number;
}

const SETTING_BYTES = 6;

/** The payload of a SETTINGS frame. */
export function encodeSettings(settings: readonly Setting[]): Buffer {
  const payload = Buffer.allocUnsafe(settings.length * SETTING_BYTES);
  for (const [index, { id, value }] of settings.entries()) {
    payload.writeUInt16BE(id, index * SETTING_BYTES);
    payload.writeUInt32BE(value, index * SETTING_BYTES + 2);
  }
  return payload;
}

export function readSettings(payload: Buffer): Setting[] {
  const settings: Setting[] = [];
  for (let at = 0; at < payload.length; at += SETTING_BYTES) {
    settings.push({ id: payload.readUInt16BE(at), value: payload.readUInt32BE(at + 2) });
  }
  return settings;
}

/** The payload of a WINDOW_UPDATE frame. */
export function encodeWindowBytes(bytes: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(bytes, 0);
  return payload;
}
