const ELLIPSIS = "…";
const ELLIPSIS_BYTES = Buffer.byteLength(ELLIPSIS);

/**
 * At most `bytesMax` bytes of UTF-8, cut between code points and marked with an ellipsis where something is missing.
 * The result is always well-formed: grpc-js throws on half a surrogate pair in a status message, and its call never ends.
 */
export function clipText(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return bytes.toString();
  let end = bytesMax - ELLIPSIS_BYTES;
  if (end < 0) return "";
  // A byte of the form 10xxxxxx belongs to the code point before it.
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end) + ELLIPSIS;
}
