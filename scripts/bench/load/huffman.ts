/**
 * The Huffman code of HPACK (RFC 7541, appendix B), for reading only. The code is canonical: within one length, codes
 * rise with the character. The 11 shortest lengths hold every printable character but the backslash, which is all that
 * a gRPC header can hold.
 */

const CHARACTERS_BY_LENGTH: Readonly<Record<number, string>> = {
  5: "012aceiost",
  6: " %-./3456789=A_bdfghlmnpru",
  7: ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz",
  8: "&*,;XZ",
  10: '!"()?',
  11: "'+|",
  12: "#>",
  13: "\0$@[]~",
  14: "^}",
  15: "<`{",
};
const LENGTH_MAX = 15;

/** Decodes bytes[start..end). Throws on a character with a longer code. */
export function decodeHuffman(bytes: Buffer, start: number, end: number): string {
  let text = "";
  let code = 0;
  let length = 0;
  let firstCode = 0;
  for (let bit = start * 8; bit < end * 8; bit++) {
    code = (code << 1) | ((bytes[bit >> 3]! >> (7 - (bit & 7))) & 1);
    firstCode <<= 1;
    length++;
    const characters = CHARACTERS_BY_LENGTH[length] ?? "";
    if (code - firstCode < characters.length) {
      text += characters[code - firstCode];
      code = 0;
      length = 0;
      firstCode = 0;
    } else {
      firstCode += characters.length;
      if (length > LENGTH_MAX) throw new Error("a header holds a character that no gRPC header may hold");
    }
  }
  // What is left is padding: the first bits of the longest code, all ones.
  if (length > 7 || code !== (1 << length) - 1) throw new Error("a header ends in the middle of a character");
  return text;
}
