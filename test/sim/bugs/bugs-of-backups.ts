/** Deliberate bugs in backups, and in what a restore makes of them. */
import { copyLog, sealCopy } from "../../../src/images/copy-log.js";
import type { BlockPosition } from "../../../src/journal/journal.js";
import type { DeliberateBug } from "./deliberate-bug.js";
import { replaceIn } from "./deliberate-bug.js";

type BackUp = typeof import("../../../src/images/back-up.js");
type Restore = typeof import("../../../src/images/restore-log.js");
type Ids = typeof import("../../../src/domain/reservation-id.js");

const ANY_NONCE = "00000000";

export const BUGS_OF_BACKUPS: readonly DeliberateBug[] = [
  {
    name: "a backup ends one block before the last that was acknowledged",
    seeds: 30,
    shows: /says that it is of block|ends with block/,
    plant() {
      const heads: BlockPosition[] = [];
      replaceIn<BackUp>("images/back-up.js", (original) => ({
        backUp(options) {
          const before = heads.findLast(({ block }) => block === options.head.block - 1);
          return original.backUp({ ...options, head: before ?? options.head });
        },
      }));
      return {
        node(_node, { journal }) {
          const append = journal.append.bind(journal);
          journal.append = async (content) => {
            const position = await append(content);
            heads.push(position);
            return position;
          };
        },
      };
    },
  },
  {
    name: "a backup is called whole before it is",
    seeds: 60,
    shows: /is gone/,
    plant() {
      replaceIn<BackUp>("images/back-up.js", () => ({
        async backUp(options) {
          const bytes = await copyLog(options);
          return { block: options.head.block, bytes };
        },
      }));
      return {};
    },
  },
  {
    name: "a restored log goes on in the epoch of its backup",
    seeds: 30,
    shows: /no epoch of its own/,
    plant() {
      replaceIn<Restore>("images/restore-log.js", () => ({
        async restoreLog(options) {
          await copyLog(options);
          await sealCopy(options.disk, options, options.head);
          return options.head;
        },
      }));
      return {};
    },
  },
  {
    name: "reservation ids say nothing of their epoch",
    seeds: 60,
    shows: /I3: reservation id .* was issued before the restore/,
    plant() {
      replaceIn<Ids>("domain/reservation-id.js", (original) => ({
        formatReservationId: (parts) => original.formatReservationId({ ...parts, epoch: 1 }, ANY_NONCE),
        parseReservationId: (id) => original.parseReservationId(id, () => ANY_NONCE),
      }));
      return {};
    },
  },
];
