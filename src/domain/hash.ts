/**
 * Two independent 32-bit hashes of strings and numbers, for index slots and for telling request contents apart.
 * Not for integrity and not against an adversary: blocks and pages carry SHA-256.
 */

const OFFSET = 0x811c9dc5;

/** Mixes the UTF-16 units of `text` into a running 32-bit state. The length goes in too, so that fields cannot slide into each other. */
export function mixString(state: number, text: string): number {
  let hash = state;
  const length = text.length;
  for (let index = 0; index < length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    hash = (hash << 13) | (hash >>> 19);
  }
  return Math.imul(hash ^ length, 0x85ebca6b);
}

/** Mixes a safe integer into a running 32-bit state. */
export function mixNumber(state: number, value: number): number {
  const low = value >>> 0;
  const high = Math.floor(value / 4294967296) >>> 0;
  let hash = Math.imul(state ^ low, 0xcc9e2d51);
  hash = (hash << 15) | (hash >>> 17);
  hash = Math.imul(hash ^ high, 0x1b873593);
  return (hash << 13) | (hash >>> 19);
}

/** Spreads a running state over all 32 bits; the result is an unsigned 32-bit integer. */
export function finish(state: number): number {
  let hash = state ^ (state >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * The index hash of one key. `seed` is drawn at random for each data folder, so that nobody can choose keys
 * that fall on one slot.
 */
export function hashKey(seed: number, key: string): number {
  return finish(mixString(OFFSET ^ seed, key));
}

/** The index hash of a pair of keys. */
export function hashPair(seed: number, first: string, second: string): number {
  return finish(mixString(mixString(OFFSET ^ seed, first), second));
}
