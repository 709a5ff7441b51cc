import { expect, test } from "vitest";
import { type CpuProfile, functionKey, placeKey, sumSelfTimes } from "../../../scripts/bench/profile/cpu-profile.js";

const frame = (functionName: string, url = "", lineNumber = 0) => ({ functionName, url, lineNumber });

const profile: CpuProfile = {
  startTime: 1_000,
  nodes: [
    { id: 1, callFrame: frame("decide", "file:///x/dist/domain/decide.js", 9) },
    { id: 2, callFrame: frame("(idle)") },
    { id: 3, callFrame: frame("(garbage collector)") },
  ],
  // At 1100, 1300, 1600, 2000 and 2500.
  samples: [1, 3, 2, 1, 3],
  timeDeltas: [100, 200, 300, 400, 500],
};

test("each sample stands for the time until the next one, and idle time is left out", () => {
  const times = sumSelfTimes(profile, { fromMicros: 0, toMicros: 10_000 }, functionKey);
  expect([...times]).toEqual([
    ["decide  dist/domain/decide.js:10", 200 + 500],
    ["(garbage collector)", 300],
  ]);
});

test("samples outside of the window do not count", () => {
  const times = sumSelfTimes(profile, { fromMicros: 1_200, toMicros: 1_900 }, functionKey);
  expect([...times]).toEqual([["(garbage collector)", 300]]);
});

test("places are our files, others' packages, Node's modules and V8's own work", () => {
  expect(placeKey(frame("f", "file:///x/dist/actor/turn.js"))).toBe("dist/actor/turn.js");
  expect(placeKey(frame("f", "file:///x/node_modules/@grpc/grpc-js/build/server.js"))).toBe("@grpc/grpc-js");
  expect(placeKey(frame("f", "file:///x/node_modules/a/node_modules/b/c.js"))).toBe("b");
  expect(placeKey(frame("f", "node:internal/http2/core"))).toBe("node:internal/http2");
  expect(placeKey(frame("f", "node:events"))).toBe("node:events");
  expect(placeKey(frame("(program)"))).toBe("(program)");
  expect(placeKey(frame("writeBuffer"))).toBe("(native)");
});
