/**
 * The thread that works with images: one job, sent as a message, then its end. It shares nothing with the service but the disk,
 * has the lowest priority and rests most of the time, and may be ended at any moment.
 */
import { constants, setPriority } from "node:os";
import { type MessagePort, parentPort } from "node:worker_threads";
import { systemClock, systemTimers } from "../../actor/system-clock.js";
import { restingPace } from "../../images/resting-pace.js";
import { systemDisk } from "../../journal/system-disk.js";
import { imageWorkHere } from "./image-work.js";
import type { JobMessage, ThreadMessage } from "./image-worker.js";

// On Linux this is the thread's own, elsewhere it would be the whole process's.
if (process.platform === "linux") setPriority(0, constants.priority.PRIORITY_LOW);

/** How much of a processor an image gets that nobody waits for, and a backup that somebody does. */
const BUILD_SHARE = 0.25;
const BACK_UP_SHARE = 0.5;

function run(port: MessagePort, message: JobMessage): Promise<ThreadMessage> {
  const work = imageWorkHere(
    systemDisk,
    restingPace(systemClock, systemTimers, message.kind === "build" ? BUILD_SHARE : BACK_UP_SHARE),
  );
  const send = (heard: ThreadMessage) => port.postMessage(heard);
  if (message.kind === "backUp") return work.backUp(message.job).then((result) => ({ kind: "backedUp", result }));
  return work
    .build(message.job, (file, why) => send({ kind: "damaged", file, message: why }))
    .then((result) => ({ kind: "built", result }));
}

// The listener keeps the thread alive while the job rests; closing the port lets it end.
parentPort?.on("message", (message: JobMessage) => {
  const port = parentPort!;
  run(port, message)
    .catch((cause: Error & { code?: string; file?: string }): ThreadMessage => {
      const { name, message: why, code, file } = cause;
      return { kind: "failed", name, message: why, code, file };
    })
    .then((last) => {
      port.postMessage(last);
      port.close();
    });
});
