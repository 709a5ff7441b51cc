/** The heavy work with images, as what asks for it sees it; where it is done is another matter. */
import { type BackedUp, backUp } from "../../images/back-up.js";
import { type BuiltImage, buildImage } from "../../images/build-image.js";
import type { Pace } from "../../images/pace.js";
import type { Disk } from "../../journal/disk.js";
import type { BlockPosition } from "../../journal/journal.js";

/** What can be sent to another thread. */
export interface BuildJob {
  /** Of the log. */
  readonly folder: string;
  readonly storeId: string;
  readonly target: BlockPosition;
  readonly answerRetentionMs: number;
}

export interface BackUpJob {
  /** Folders of logs. */
  readonly from: string;
  readonly to: string;
  readonly head: BlockPosition;
}

export interface ImageWork {
  /** `onDamaged` hears of images that cannot be proven and are passed over. */
  build(job: BuildJob, onDamaged: (file: string, message: string) => void): Promise<BuiltImage>;
  backUp(job: BackUpJob): Promise<BackedUp>;
  /** Breaks off whatever is under way: nothing that it leaves is taken for whole. */
  stop(): Promise<void>;
}

/** Does the work where it is asked for. */
export function imageWorkHere(disk: Disk, pace: Pace): ImageWork {
  return {
    build: (job, onDamaged) =>
      buildImage({ ...job, disk, pace, onDamaged: ({ file, message }) => onDamaged(file, message) }),
    backUp: (job) => backUp({ ...job, disk, pace }),
    stop: async () => {},
  };
}
