import { expect, test } from "vitest";
import { PatchedMessage } from "../../../scripts/bench/load/patched-message.js";

function textOf(message: PatchedMessage): string {
  const bytes = Buffer.alloc(message.byteLength + 2, "-");
  message.writeTo(bytes, 1);
  return bytes.toString("latin1");
}

test("a patch writes the number with leading zeros, and nothing beside its digits", () => {
  const message = new PatchedMessage(Buffer.from("a-000|b-0000"));
  message.patch(message.locate("a-000"), 7);
  message.patch(message.locate("b-0000"), 1234);
  expect(textOf(message)).toBe("-a-007|b-1234-");
});

test("a smaller number after a larger one leaves no digit of it", () => {
  const message = new PatchedMessage(Buffer.from("a-000"));
  const field = message.locate("a-000");
  message.patch(field, 987);
  message.patch(field, 6);
  expect(textOf(message)).toBe("-a-006-");
});

test("a number with more digits than its place is refused", () => {
  const message = new PatchedMessage(Buffer.from("a-000"));
  expect(() => message.patch(message.locate("a-000"), 1000)).toThrow("more than 3 digits");
});

test("a place that is missing, twice there or without digits is refused", () => {
  const message = new PatchedMessage(Buffer.from("a-000|a-000|b"));
  expect(() => message.locate("c-000")).toThrow("does not occur");
  expect(() => message.locate("a-000")).toThrow("occurs twice");
  expect(() => message.locate("b")).toThrow("does not end in digits");
});
