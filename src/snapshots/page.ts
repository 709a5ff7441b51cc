/**
 * The bytes of a page: a fixed number of neighbouring items, each found without reading the others.
 * Layout, little endian: u8 format (1), u8 0, u16 slots, u32 end offset of each slot's bytes, then the bytes. An empty slot has no bytes.
 */
import { SnapshotDamaged } from "./page-store.js";

const FORMAT = 1;
const HEADER_BYTES = 4;

/** The bytes of one slot: a view into the page, empty when the slot is. */
export function slotBytes(page: Uint8Array, slot: number): Uint8Array {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  if (view.getUint8(0) !== FORMAT) throw new SnapshotDamaged(`a page has format ${view.getUint8(0)}, not ${FORMAT}`);
  const slots = view.getUint16(2, true);
  if (slot >= slots) return page.subarray(0, 0);
  const bodyStart = HEADER_BYTES + slots * 4;
  const start = slot === 0 ? 0 : view.getUint32(HEADER_BYTES + (slot - 1) * 4, true);
  const end = view.getUint32(HEADER_BYTES + slot * 4, true);
  return page.subarray(bodyStart + start, bodyStart + end);
}

/** Puts a page together from the bytes of its slots; `body` holds them one after the other, `ends` where each ends. */
export function buildPage(body: Uint8Array, ends: readonly number[]): Uint8Array {
  const page = new Uint8Array(HEADER_BYTES + ends.length * 4 + body.length);
  const view = new DataView(page.buffer);
  view.setUint8(0, FORMAT);
  view.setUint16(2, ends.length, true);
  for (let slot = 0; slot < ends.length; slot++) view.setUint32(HEADER_BYTES + slot * 4, ends[slot]!, true);
  page.set(body, HEADER_BYTES + ends.length * 4);
  return page;
}
