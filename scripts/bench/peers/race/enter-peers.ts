/** Who takes part in the race: every peer, or a loud no. Nothing is installed. */
import { findPeer, type PeerName, peerNames } from "../instances/find-programs.js";
import type { PeerEntry } from "./contestant.js";

/** The peers on this machine; throws with every one that is missing. */
export function enterPeers(connections: Readonly<Record<PeerName, number>>): readonly PeerEntry[] {
  const found = peerNames.map((name) => ({ name, program: findPeer(name), connections: connections[name] }));
  const missing = found.flatMap(({ program }) => (program.kind === "missing" ? [program.reason] : []));
  if (missing.length > 0) throw new Error(`there is no race without its peers:\n${missing.join("\n")}`);
  return found.flatMap(({ program, ...entry }) => (program.kind === "found" ? [{ ...entry, program }] : []));
}
