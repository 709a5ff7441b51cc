/**
 * Reservation ids: opaque to callers, at most 40 characters, and they route by themselves:
 * `r<partition>.<epoch>.<number>.<nonce>`, numbers in base 36. A restored backup begins a new epoch with a new random nonce,
 * so no id is ever issued twice, not even by two copies restored from one backup.
 */
export interface ReservationIdParts {
  readonly partition: number;
  readonly epoch: number;
  readonly number: number;
}

const PATTERN = /^r([1-9a-z][0-9a-z]{0,5})\.([1-9a-z][0-9a-z]{0,5})\.([1-9a-z][0-9a-z]{0,9})\.([0-9a-z]{8})$/;

export function formatReservationId(parts: ReservationIdParts, nonce: string): string {
  return `r${parts.partition.toString(36)}.${parts.epoch.toString(36)}.${parts.number.toString(36)}.${nonce}`;
}

/** The parts of an id that one of our epochs can have issued; undefined for any other text. */
export function parseReservationId(
  id: string,
  nonceOf: (epoch: number) => string | undefined,
): ReservationIdParts | undefined {
  const match = PATTERN.exec(id);
  if (match === null) return undefined;
  const epoch = Number.parseInt(match[2]!, 36);
  if (nonceOf(epoch) !== match[4]) return undefined;
  const number = Number.parseInt(match[3]!, 36);
  if (!Number.isSafeInteger(number)) return undefined;
  return { partition: Number.parseInt(match[1]!, 36), epoch, number };
}

/** A nonce from five random bytes: 40 bits as 8 lower-case base-36 characters. */
export function formatNonce(randomBytes: Uint8Array): string {
  let value = 0;
  for (let index = 0; index < 5; index++) value = value * 256 + randomBytes[index]!;
  return value.toString(36).padStart(8, "0");
}
