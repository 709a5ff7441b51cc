/** Deliberate bugs in what dealers are told of their orders. */
import type { ToldOutcome } from "../../../src/outcomes/told-outcome.js";
import type { DeliberateBug } from "./deliberate-bug.js";
import { replaceIn } from "./deliberate-bug.js";

type Filters = typeof import("../../../src/outcomes/order-filter.js");
type Audiences = typeof import("../../../src/outcomes/order-audience.js");
type Cursors = typeof import("../../../src/outcomes/order-cursor.js");

export const BUGS_OF_TELLING: readonly DeliberateBug[] = [
  {
    name: "an outcome is told to the dealer who has its dealer's number in another warehouse",
    seeds: 5,
    shows: /P14/,
    plant() {
      replaceIn<Filters>("outcomes/order-filter.js", (original) => ({
        ordersOfDealer(dealerId, find) {
          let number: number | undefined;
          return {
            ...original.ordersOfDealer(dealerId, find),
            takes(told) {
              number ??= find(told.partition, dealerId);
              return told.dealer === number;
            },
          };
        },
      }));
      return {};
    },
  },
  {
    name: "of a block that tells more than one outcome only the first is offered to those who wait",
    seeds: 5,
    shows: /P14/,
    plant() {
      replaceIn<Audiences>("outcomes/order-audience.js", ({ OrderAudience }) => {
        const { offer } = OrderAudience.prototype;
        OrderAudience.prototype.offer = function (told: ToldOutcome, number: number) {
          if (told.place.taken === 1) offer.call(this, told, number);
        };
        return {};
      });
      return {};
    },
  },
  {
    name: "a cursor goes on after the whole block of its event",
    seeds: 5,
    shows: /P14/,
    plant() {
      replaceIn<Cursors>("outcomes/order-cursor.js", (original) => ({
        writeCursor: (place, scope) => original.writeCursor({ ...place, taken: original.ALL_OF_BLOCK }, scope),
      }));
      return {};
    },
  },
  {
    name: "a cursor of before a restore is gone on from",
    seeds: 40,
    shows: /before the restore/,
    plant() {
      replaceIn<Cursors>("outcomes/order-cursor.js", (original) => ({
        readCursor(cursor, scope) {
          const read = original.readCursor(cursor, scope);
          if (read.kind !== "past") return read;
          const bytes = Buffer.from(cursor, "base64url");
          const place = {
            segment: bytes.readUInt32BE(13),
            block: Number(bytes.readBigUInt64BE(17)),
            offset: Number(bytes.readBigUInt64BE(25)),
            taken: bytes.readUInt32BE(33),
          };
          return { kind: "place", place };
        },
      }));
      return {};
    },
  },
];
