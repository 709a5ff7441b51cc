/**
 * Sees each time at which the service looks after what time has brought about, without a part in it: what is due then is for the
 * oracle to say. The service's own object is not reached from outside a node, so its class is watched, apart by store.
 */
import type { Turn } from "../../src/actor/turn.js";
import { SourceUpkeep } from "../../src/erp/source-upkeep.js";
import type { LogStore } from "../../src/snapshots/log-store.js";

/** Called in place of the work, which it has to do. */
export type UpkeepWatch = (turn: Turn, work: () => void) => void;

const watches = new WeakMap<LogStore, UpkeepWatch>();
const original = SourceUpkeep.prototype.run;

SourceUpkeep.prototype.run = function (turn) {
  const work = () => original.call(this, turn);
  const watch = watches.get(turn.store);
  if (watch === undefined) work();
  else watch(turn, work);
};

export function watchUpkeep(store: LogStore, watch: UpkeepWatch): void {
  watches.set(store, watch);
}
