/** Page tokens: opaque to callers, a kind and a few numbers that say where the next page begins. */
import { type Refusal, refusal } from "../domain/refusal.js";

export function encodePageToken(kind: string, numbers: readonly number[]): string {
  return Buffer.from(`${kind}.${numbers.join(".")}`, "latin1").toString("base64url");
}

/** The numbers of a token of this kind with exactly `count` of them; undefined for anything else. */
export function decodePageToken(kind: string, token: string, count: number): readonly number[] | undefined {
  const [name, ...parts] = Buffer.from(token, "base64url").toString("latin1").split(".");
  if (name !== kind || parts.length !== count) return undefined;
  const numbers = parts.map((part) => (/^\d{1,16}$/.test(part) ? Number(part) : Number.NaN));
  return numbers.every(Number.isSafeInteger) ? numbers : undefined;
}

export function invalidPageToken(): Refusal {
  return refusal("INVALID_FIELD", "page_token is not one that this method gave out for this question.", {
    fields: ["page_token"],
    metadata: { field: "page_token" },
  });
}
