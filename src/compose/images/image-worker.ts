/** Works with images in a thread of its own for each job, whose memory goes with it. */
import { Worker } from "node:worker_threads";
import type { BackedUp } from "../../images/back-up.js";
import type { BuiltImage } from "../../images/build-image.js";
import type { BackUpJob, BuildJob, ImageWork } from "./image-work.js";

export type JobMessage =
  | { readonly kind: "build"; readonly job: BuildJob }
  | { readonly kind: "backUp"; readonly job: BackUpJob };

/** What the thread says; all but `damaged` is its last word. */
export type ThreadMessage =
  | { readonly kind: "damaged"; readonly file: string; readonly message: string }
  | { readonly kind: "built"; readonly result: BuiltImage }
  | { readonly kind: "backedUp"; readonly result: BackedUp }
  | {
      readonly kind: "failed";
      readonly name: string;
      readonly message: string;
      readonly code: string | undefined;
      readonly file: string | undefined;
    };

/** A job that failed in its thread, as it was there. */
export class ImageWorkFailed extends Error {
  override readonly name: string;
  readonly code: string | undefined;
  readonly file: string | undefined;

  constructor(failure: Extract<ThreadMessage, { kind: "failed" }>) {
    super(failure.message);
    this.name = failure.name;
    this.code = failure.code;
    this.file = failure.file;
  }
}

export function imageWorker(): ImageWork {
  const threads = new Set<Worker>();
  const run = (message: JobMessage, onDamaged: (file: string, message: string) => void): Promise<ThreadMessage> =>
    new Promise((resolve, reject) => {
      const thread = new Worker(new URL("./image-thread.js", import.meta.url));
      threads.add(thread);
      thread.on("message", (heard: ThreadMessage) => {
        if (heard.kind === "damaged") onDamaged(heard.file, heard.message);
        else if (heard.kind === "failed") reject(new ImageWorkFailed(heard));
        else resolve(heard);
      });
      thread.on("error", reject);
      thread.on("exit", (code) => {
        threads.delete(thread);
        reject(new Error(`the thread of images ended with ${code} before its job was done`));
      });
      thread.postMessage(message);
    });
  return {
    async build(job, onDamaged) {
      const heard = await run({ kind: "build", job }, onDamaged);
      return (heard as Extract<ThreadMessage, { kind: "built" }>).result;
    },
    async backUp(job) {
      const heard = await run({ kind: "backUp", job }, () => {});
      return (heard as Extract<ThreadMessage, { kind: "backedUp" }>).result;
    },
    async stop() {
      await Promise.all([...threads].map((thread) => thread.terminate()));
    },
  };
}
