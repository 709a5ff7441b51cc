import { describe, expect, test } from "vitest";
import { OpenStreams } from "../../../src/api/open-streams.js";
import { isRefusal } from "../../../src/api/unary.js";
import type { Refusal } from "../../../src/domain/refusal.js";

describe("the open streams of a server", () => {
  test("are bounded, and a place is given back once, however often it is left", () => {
    const streams = new OpenStreams(2);
    const leave = streams.enter(() => {});
    streams.enter(() => {});
    expect(streams.enter(() => {})).toMatchObject({ reason: "OVERLOADED", metadata: { streams_max: "2" } });
    if (isRefusal(leave)) throw new Error("the first was not let in");
    leave();
    leave();
    expect(isRefusal(streams.enter(() => {}))).toBe(false);
    expect(streams.enter(() => {})).toMatchObject({ reason: "OVERLOADED" });
  });

  test("are all ended at a shutdown, also those that leave as they are, and none comes after", () => {
    const streams = new OpenStreams(10);
    const ended: Refusal[] = [];
    for (let count = 0; count < 3; count++) {
      const leave = streams.enter((refused) => {
        ended.push(refused);
        if (!isRefusal(leave)) leave();
      });
    }
    streams.endAll();
    expect(ended.map(({ reason }) => reason)).toEqual(["SHUTTING_DOWN", "SHUTTING_DOWN", "SHUTTING_DOWN"]);
    expect(streams.enter(() => {})).toMatchObject({ reason: "SHUTTING_DOWN" });
  });
});
