import { systemTimers } from "../actor/system-clock.js";
import { LIMITS } from "../limits.js";
import type { Log } from "./log.js";
import type { OpenLog } from "./log-folder.js";

/** The free-space guard (decision 11): new work is refused before the disk is full, and taken again when there is room. */
export function watchFreeSpace(opened: OpenLog, freeBytesMin: number, log: Log): { cancel(): void } {
  let short = false;
  let cancelled = false;
  let timer = { cancel: () => {} };
  const look = async () => {
    try {
      const { freeBytes, segmentBytes } = await opened.journal.space();
      const isShort = freeBytes < freeBytesMin + segmentBytes;
      if (isShort !== short) {
        short = isShort;
        log.warn({ freeBytes, freeBytesMin }, short ? "disk nearly full; new work is refused" : "disk has room again");
      }
      opened.node.engine.setShortOfSpace(short ? freeBytes : undefined);
    } catch (cause) {
      log.warn({ err: cause }, "free disk space cannot be read");
    }
    if (!cancelled) timer = systemTimers.after(LIMITS.freeSpaceCheckMs, look);
  };
  void look();
  return {
    cancel() {
      cancelled = true;
      timer.cancel();
    },
  };
}
