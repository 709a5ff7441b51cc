/** The race's results under the names that scripts read. */
import { roundForOutput } from "../../statistics.js";
import type { PeerName } from "../instances/find-programs.js";
import type { Audit } from "./audit.js";
import type { PeerLap, RaceResults } from "./run-race.js";

export function raceResultsToJson({ laps, audits, peers }: RaceResults): Record<string, unknown> {
  const ofPeer = (name: PeerName) =>
    Object.fromEntries(Object.entries(laps[name]).map(([workload, lap]) => [workload, lapToJson(lap)]));
  const described = peers.map(({ name, program, connections }) => [
    name,
    { version: program.version, connections, ...ofPeer(name) },
  ]);
  const audited = Object.entries(audits).map(([name, audit]) => [name, auditToJson(audit)]);
  return { peers: Object.fromEntries(described), oversell: Object.fromEntries(audited) };
}

function lapToJson({ ratio, cpuRatio, holdfast, peer }: PeerLap): Record<string, number> {
  const figures = {
    ratio,
    cpu_ratio: cpuRatio,
    holdfast_per_s: holdfast.unitsPerSecond,
    peer_per_s: peer.unitsPerSecond,
    holdfast_busy: holdfast.serverBusy,
    peer_front_busy: peer.serverBusy,
    peer_store_busy: peer.storeBusy,
    generator_busy_holdfast: holdfast.generatorBusy,
    generator_busy_peer: peer.generatorBusy,
    holdfast_cpu_us: holdfast.cpuMicros,
    peer_cpu_us: peer.cpuMicros,
  };
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, roundForOutput(value)]));
}

function auditToJson({ unitsByAnswers, unitsByStore, oversoldUnits }: Audit): Record<string, number> {
  return { units_by_answers: unitsByAnswers, units_by_store: unitsByStore, oversold_units: oversoldUnits };
}
