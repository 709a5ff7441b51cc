import { expect, test } from "vitest";
import { HeaderDecoder } from "../../../scripts/bench/load/header-decoder.js";
import { HeaderEncoder } from "../../../scripts/bench/load/header-encoder.js";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

/** The responses of RFC 7541, appendix C.6: Huffman coded, on one connection. Its table there holds 256 bytes. */
const RFC_TABLE_SIZE = "3f e1 01";
const RFC_RESPONSES = [
  "48 82 64 02 58 85 ae c3 77 1a 4b 61 96 d0 7a be 94 10 54 d4 44 a8 20 05 95 04 0b 81 66 e0 82 a6 2d 1b ff 6e 91 9d 29 ad 17 18 63 c7 8f 0b 97 c8 e9 ae 82 ae 43 d3",
  "48 83 64 0e ff c1 c0 bf",
  "88 c1 61 96 d0 7a be 94 10 54 d4 44 a8 20 05 95 04 0b 81 66 e0 84 a6 2d 1b ff c0 5a 83 9b d9 ab 77 ad 94 e7 82 1d d7 f2 e6 c7 b3 35 df df cd 5b 39 60 d5 af 27 08 7f 36 72 c1 ab 27 0f b5 29 1f 95 87 31 60 65 c0 03 ed 4e e5 b1 06 3d 50 07",
];

test("the example responses of RFC 7541 are read as it says, evictions included", () => {
  const decoder = new HeaderDecoder();
  decoder.decode(hex(RFC_TABLE_SIZE));
  const texts = RFC_RESPONSES.map((block) => decoder.decode(hex(block)).map(({ name, value }) => `${name}: ${value}`));
  expect(texts).toEqual([
    [
      ":status: 302",
      "cache-control: private",
      "date: Mon, 21 Oct 2013 20:13:21 GMT",
      "location: https://www.example.com",
    ],
    [
      ":status: 307",
      "cache-control: private",
      "date: Mon, 21 Oct 2013 20:13:21 GMT",
      "location: https://www.example.com",
    ],
    [
      ":status: 200",
      "cache-control: private",
      "date: Mon, 21 Oct 2013 20:13:22 GMT",
      "location: https://www.example.com",
      "content-encoding: gzip",
      "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
    ],
  ]);
});

test("a block that is cut short is refused", () => {
  const block = hex(RFC_RESPONSES[0]!);
  expect(() => new HeaderDecoder().decode(block.subarray(0, block.length - 1))).toThrow("cut short");
});

test("an index that nothing stands under is refused", () => {
  expect(() => new HeaderDecoder().decode(hex("be"))).toThrow("index 62");
});

test("what is encoded is decoded again, and takes one byte a field from the second time on", () => {
  const fields = [
    { name: ":method", value: "POST" },
    { name: ":path", value: `/${"a".repeat(200)}/Method` },
    { name: "te", value: "trailers" },
  ];
  const encoder = new HeaderEncoder();
  const decoder = new HeaderDecoder();
  const first = encoder.encode(fields);
  const second = encoder.encode(fields);
  expect(decoder.decode(first)).toEqual(fields);
  expect(decoder.decode(second)).toEqual(fields);
  expect(second.length).toBe(fields.length);
});
