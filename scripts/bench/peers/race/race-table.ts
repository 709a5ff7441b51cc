/** The race for a person: each workload with everyone who ran it, then what each granted. */
import Table from "cli-table3";
import { COMPACT } from "../../report/compact-table.js";
import { peerTargets } from "../../report/peer-targets.js";
import { isMet } from "../../report/targets.js";
import { roundForOutput } from "../../statistics.js";
import type { Lap, RaceResults } from "./run-race.js";
import { type WorkloadName, workloadNames } from "./workloads.js";

export function formatRace(results: RaceResults): string {
  return [
    "Per second and processor time: calls, messages or, in orders, lines. Busy: JavaScript thread and store, in cores.",
    lapTable(results),
    grantTable(results),
  ].join("\n\n");
}

function lapTable({ laps, peers }: RaceResults): string {
  const head = ["workload", "", "per second", "server busy", "store busy", "cpu us", "Holdfast over it", "wanted", ""];
  const table = new Table({ head, ...COMPACT });
  for (const workload of workloadNames) {
    const raced = peers.flatMap(({ name, program }) => {
      const lap = laps[name][workload];
      return lap === undefined ? [] : [{ name, program, lap }];
    });
    const holdfast = raced[0]?.lap.holdfast;
    if (holdfast === undefined) continue;
    table.push([workload, "Holdfast", ...figures(holdfast), "", "", ""]);
    for (const { name, program, lap } of raced) {
      const { wanted, verdict } = judgeLap(`peers.${name}.${workload}.ratio`, lap.ratio);
      table.push(["", `${name} ${program.version}`, ...figures(lap.peer), right(lap.ratio), wanted, verdict]);
    }
  }
  return table.toString();
}

function grantTable({ audits }: RaceResults): string {
  const table = new Table({ head: ["", "units granted by answers", "by the store", "oversold"], ...COMPACT });
  for (const [name, { unitsByAnswers, unitsByStore, oversoldUnits }] of Object.entries(audits))
    table.push([name, ...[unitsByAnswers, unitsByStore, oversoldUnits].map(whole)]);
  return table.toString();
}

function figures(lap: Lap) {
  return [whole(Math.round(lap.unitsPerSecond)), ...[lap.serverBusy, lap.storeBusy, lap.cpuMicros].map(right)];
}

function judgeLap(name: `peers.${string}.${WorkloadName}.ratio`, ratio: number) {
  const target = peerTargets.find((candidate) => candidate.name === name);
  if (target === undefined) return { wanted: "", verdict: "" };
  return { wanted: `${target.bound} ${target.value}`, verdict: isMet(target, ratio) ? "met" : "MISSED" };
}

function right(value: number) {
  return { content: String(roundForOutput(value)), hAlign: "right" as const };
}

function whole(value: number) {
  return { content: String(value), hAlign: "right" as const };
}
