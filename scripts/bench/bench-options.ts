/** The command line of the benchmark. */
import { parseArgs } from "node:util";
import { type GroupName, groupNames } from "./measure/groups.js";
import { ROUNDS_MIN } from "./measure/rounds.js";
import type { PeerName } from "./peers/instances/find-programs.js";
import { type WorkloadName, workloadNames } from "./peers/race/workloads.js";
import type { ServerKind } from "./server-process.js";

export const USAGE = `Measures Holdfast beside an echo server on the same transport. Build first: npm run build.

  npm run bench                        the full measurement, as a table
  npm run bench -- --quick             the same in under three minutes
  npm run bench -- --size              a large data folder: time to start, memory, cold stocks
  npm run bench -- --peers             a race against PostgreSQL and Redis behind the same front end; both must be installed
  npm run bench -- --telemetry         what measuring everything and tracing one call in a hundred costs a unary call
  npm run bench -- --profile unary     where the server's time goes (unary, stream, lines or replay)
  npm run bench -- --target echo       self-test: a second echo server in Holdfast's place, every ratio near 1

  --json              one JSON object on standard output, progress on standard error
  --rounds N          most rounds of each comparison, at least 5 (default 9; quick 7)
  --turns N           turns of each side in a round (default 8; quick 4)
  --window-ms N       length of the measured part of a turn (default 400; quick 250)
  --only A,B          only these: unary, stream, lines, replay, hot_vs_spread, open_holds, latency, drift;
                      of --peers: hot, spread, zipf, stream, lines
  --data-root DIR     where data folders are made (default: the system's temporary folder)
  --profile-dir DIR   where --profile leaves the .cpuprofile (default: ./profiles)
  --stocks N          stocks of --size (default 1000000)
  --reservations N    open reservations of --size (default 200000)
  --postgres-connections N, --redis-connections N
                      of a peer's front end to its store (default 24 and 2)
  --help              this text
`;

export const measureNames = [...groupNames, "hot_vs_spread", "open_holds", "latency", "drift"] as const;
export type MeasureName = (typeof measureNames)[number];

/** Keep a quick run within three minutes on a machine that has other things to do, and a full one within half an hour. */
const QUICK_TIMES = { roundsBudgetMs: 14_000, hurryAfterMs: 130_000 };
const FULL_TIMES = { roundsBudgetMs: 180_000, hurryAfterMs: 1_200_000 };

export type BenchMode = "ratios" | "peers" | "size" | "telemetry" | "profile" | "help";

export interface BenchOptions {
  readonly mode: BenchMode;
  readonly target: ServerKind;
  readonly json: boolean;
  readonly rounds: number;
  readonly roundsBudgetMs: number;
  readonly hurryAfterMs: number;
  readonly turnsPerRound: number;
  readonly windowMs: number;
  readonly only: readonly MeasureName[];
  readonly onlyWorkloads: readonly WorkloadName[];
  readonly connectionsOfPeers: Readonly<Record<PeerName, number>>;
  readonly dataRoot: string | undefined;
  readonly profile: GroupName;
  readonly profileFolder: string;
  readonly stocks: number;
  readonly reservations: number;
}

/** Reads the arguments; throws with what is wrong and what is allowed. */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      size: { type: "boolean", default: false },
      peers: { type: "boolean", default: false },
      telemetry: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      profile: { type: "string" },
      "profile-dir": { type: "string", default: "profiles" },
      target: { type: "string", default: "holdfast" },
      rounds: { type: "string" },
      turns: { type: "string" },
      "window-ms": { type: "string" },
      only: { type: "string" },
      "data-root": { type: "string" },
      stocks: { type: "string", default: "1000000" },
      reservations: { type: "string", default: "200000" },
      "postgres-connections": { type: "string", default: "24" },
      "redis-connections": { type: "string", default: "2" },
    },
  });
  const rounds = wholeNumber("--rounds", values.rounds ?? (values.quick ? "7" : "9"));
  if (rounds < ROUNDS_MIN) throw new Error(`--rounds is ${rounds}: at least ${ROUNDS_MIN} are needed for a median`);
  const mode = modeOf(values);
  return {
    mode,
    target: oneOf("--target", values.target, ["echo", "holdfast"]),
    json: values.json,
    rounds,
    ...(values.quick ? QUICK_TIMES : FULL_TIMES),
    turnsPerRound: wholeNumber("--turns", values.turns ?? (values.quick ? "4" : "8")),
    windowMs: wholeNumber("--window-ms", values["window-ms"] ?? (values.quick ? "250" : "400")),
    only: mode === "peers" ? [] : listOf("--only", values.only, measureNames),
    onlyWorkloads: mode === "peers" ? listOf("--only", values.only, workloadNames) : [],
    connectionsOfPeers: {
      postgres: wholeNumber("--postgres-connections", values["postgres-connections"]),
      redis: wholeNumber("--redis-connections", values["redis-connections"]),
    },
    dataRoot: values["data-root"],
    profile: oneOf("--profile", values.profile ?? "unary", groupNames),
    profileFolder: values["profile-dir"],
    stocks: wholeNumber("--stocks", values.stocks),
    reservations: wholeNumber("--reservations", values.reservations),
  };
}

interface ModeFlags {
  readonly help: boolean;
  readonly size: boolean;
  readonly peers: boolean;
  readonly telemetry: boolean;
  readonly profile?: string | undefined;
}

function modeOf({ help, size, peers, telemetry, profile }: ModeFlags): BenchMode {
  if (help) return "help";
  const modes = [
    size && "size",
    peers && "peers",
    telemetry && "telemetry",
    profile !== undefined && "profile",
  ] as const;
  const wanted = modes.filter((mode) => mode !== false);
  if (wanted.length > 1) throw new Error(`${wanted.map((mode) => `--${mode}`).join(" and ")} do not go together`);
  return wanted[0] ?? "ratios";
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`${option} is ${text}: it takes a whole number above 0`);
  return value;
}

/** A list of names separated by commas; without one, all. */
function listOf<T extends string>(option: string, text: string | undefined, allowed: readonly T[]): readonly T[] {
  return text === undefined ? allowed : text.split(",").map((name) => oneOf(option, name, allowed));
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new Error(`${option} is ${value}: it takes ${allowed.join(", ")}`);
  return found;
}
