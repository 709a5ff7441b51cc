/** Reads a .cpuprofile of V8: which functions the time went to, counted where it was spent (self time). */

/** The parts of the format that are read here. Times are microseconds of the system's monotonic clock. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  /** Node ids, one for each sample. */
  readonly samples: readonly number[];
  /** Time before each sample, since the one before it. */
  readonly timeDeltas: readonly number[];
}

export interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

export interface TimeWindow {
  readonly fromMicros: number;
  readonly toMicros: number;
}

/** Self time by some key of the function, in microseconds. */
export type SelfTimes = ReadonlyMap<string, number>;

/** Sums self time by what `keyOf` makes of a function, over the samples within the window; idle time is left out. */
export function sumSelfTimes(
  profile: CpuProfile,
  window: TimeWindow,
  keyOf: (frame: ProfileNode["callFrame"]) => string,
): SelfTimes {
  const frames = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  const sums = new Map<string, number>();
  let atMicros = profile.startTime;
  for (const [index, nodeId] of profile.samples.entries()) {
    // A sample stands for the time until the next one.
    const lengthMicros = profile.timeDeltas[index + 1] ?? 0;
    atMicros += profile.timeDeltas[index]!;
    const frame = frames.get(nodeId)!;
    if (atMicros < window.fromMicros || atMicros > window.toMicros || frame.functionName === "(idle)") continue;
    const key = keyOf(frame);
    sums.set(key, (sums.get(key) ?? 0) + lengthMicros);
  }
  return sums;
}

/** `function file:line`, the file as `placeOf` shortens it. */
export function functionKey({ functionName, url, lineNumber }: ProfileNode["callFrame"]): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  return url === "" ? name : `${name}  ${shortenUrl(url)}:${lineNumber + 1}`;
}

/** The file of our own code, the package of others', `node` for Node's own, the parenthesised name for V8's. */
export function placeKey({ functionName, url }: ProfileNode["callFrame"]): string {
  if (url === "") return functionName.startsWith("(") ? functionName : "(native)";
  if (url.startsWith("node:")) return `node:${url.slice("node:".length).split("/").slice(0, 2).join("/")}`;
  return packageOf(url) ?? shortenUrl(url);
}

function packageOf(url: string): string | undefined {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
}

function shortenUrl(url: string): string {
  const afterPackages = /.*node_modules\/(.*)/.exec(url)?.[1];
  return afterPackages ?? url.replace(/^file:\/\//, "").replace(/^.*\/(dist|src|scripts)\//, "$1/");
}
