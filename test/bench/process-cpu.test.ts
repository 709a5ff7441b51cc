import { expect, test } from "vitest";
import {
  parseStatChildrenMs,
  parseStatCpuMs,
  parseStatusMb,
  readProcessCpu,
  readProcessTreeCpuMs,
  readResidentMemory,
  readThreadCpus,
} from "../../scripts/bench/process-cpu.js";

const STAT =
  "4702 (node) S 4697 4697 2939 0 -1 4194304 103 0 0 0 123 45 900 800 20 0 11 0 608212 3133440 384 184467440 1 1 0";

test("processor time is user plus system time in ticks of 10 ms, without that of children", () => {
  expect(parseStatCpuMs(STAT)).toBe(1_680);
});

test("the time of children that have ended stands apart", () => {
  expect(parseStatChildrenMs(STAT)).toBe(17_000);
});

test("a process tree has used at least what its root has", () => {
  const ownMs = readProcessCpu(process.pid).totalMs;
  expect(ownMs).toBeGreaterThan(0);
  expect(readProcessTreeCpuMs(process.pid)).toBeGreaterThanOrEqual(ownMs);
});

test("a process name with spaces and parentheses does not shift the fields", () => {
  expect(parseStatCpuMs(STAT.replace("(node)", "(a) R 1 (b c)"))).toBe(1_680);
});

test("a line that is not a stat line is refused", () => {
  expect(() => parseStatCpuMs("4702 (node) S 1 2 3")).toThrow("not a stat line");
});

test("memory is read from its own line of the status file", () => {
  const status = "Name:\tnode\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\nRssAnon:\t   1 kB\n";
  expect(parseStatusMb(status, "VmRSS")).toBe(100);
  expect(parseStatusMb(status, "VmHWM")).toBe(200);
  expect(() => parseStatusMb(status, "VmSwap")).toThrow("no VmSwap");
});

test("the threads of a live process are all listed, with the JavaScript thread under the process id", () => {
  const threads = readThreadCpus(process.pid);
  expect(threads.length).toBeGreaterThan(1);
  expect(threads.filter(({ name }) => name.endsWith("(JavaScript)")).map(({ threadId }) => threadId)).toEqual([
    process.pid,
  ]);
});

test("the figures of a live process agree with what the process knows of itself", () => {
  const cpu = readProcessCpu(process.pid);
  const own = process.cpuUsage();
  expect(cpu.mainThreadMs).toBeGreaterThan(0);
  expect(cpu.totalMs).toBeGreaterThanOrEqual(cpu.mainThreadMs);
  expect(Math.abs(cpu.totalMs - (own.user + own.system) / 1000)).toBeLessThan(100);
  const memory = readResidentMemory(process.pid);
  expect(memory.peakMb).toBeGreaterThanOrEqual(memory.residentMb * 0.99);
});
