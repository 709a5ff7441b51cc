import { GrpcStatus, type HoldfastError } from "../client/index.js";

const BY_REASON: Readonly<Record<string, string>> = {
  DEALER_NOT_FOUND: 'Register the dealer with "holdfast dealers put", or name the warehouse with --warehouse.',
  WAREHOUSE_NOT_FOUND:
    'A warehouse exists once stock, a dealer or a policy names it: "holdfast receive --warehouse NAME SKU=QTY".',
  SKU_NOT_FOUND: 'Book the SKU in with "holdfast receive", or take what there is with --partial.',
  RESERVATION_NOT_FOUND: 'See what this dealer has with "holdfast list --dealer DEALER".',
  RESERVATION_EXPIRED: "The hold ended and its units are free again: reserve anew.",
  RESERVATION_RELEASED: "The units were given back: reserve anew.",
  RESERVATION_FULFILLED: "Everything has left the warehouse; there is nothing left to change.",
  RESERVATION_COMMITTED:
    "It is confirmed already, and has no deadline any more: dispatch it, or release what is not needed.",
  QUANTITY_EXCEEDED: 'See what is open with "holdfast get", and name no more than that.',
  STOCK_SHORTFALL: 'The warehouse has less than is promised: see "holdfast stock WAREHOUSE SKU".',
  WAREHOUSE_NOT_ASSIGNED: 'Leave --warehouse out, or assign the dealer anew with "holdfast dealers put".',
  SOURCE_NOT_FOUND: 'See which sources there are with "holdfast source list".',
  NO_GAP: 'See what is missing with "holdfast source get SOURCE", and skip no further than the first gap.',
  DEAD_LETTER_NOT_FOUND: 'See which there are with "holdfast dead-letters list".',
  DEAD_LETTER_REFUSED:
    'Set right what stands against it and try again, or let it go with "holdfast dead-letters drop".',
  DISPATCH_EXCEPTION_NOT_FOUND: 'See which there are with "holdfast exceptions list WAREHOUSE".',
  RESERVATION_PENDING: "It is only held: confirm it first.",
  DISCREPANCY_NOT_FOUND: 'See which there are with "holdfast drift discrepancies WAREHOUSE".',
  DRIFT_RESOLVED: "It is decided: a comparison that finds a difference again makes a new discrepancy.",
  DRIFT_OUTDATED:
    'Let it go with "holdfast drift dismiss", and compare again with "holdfast drift ask SOURCE" what is there now.',
  NOT_AT_RISK: 'See who is at risk with "holdfast at-risk list".',
  REQUEST_ID_REUSED: "This request id was used for something else: take a new one, or leave it out.",
  QUOTA_EXCEEDED: 'Commit or release some of its reservations, or raise the quota with "holdfast policy put".',
  OVERLOADED: "The server has all it can take now: see what is full above, and try again later.",
  DIRECTORY_NOT_EMPTY: "Name a folder that is not there yet.",
  DIRECTORY_NOT_WRITABLE:
    "The folder is the server's: it has to be able to make it, and nobody else's file may stand there.",
  DISK_FULL: "Make room there, or name a folder on another disk.",
  DATA_DAMAGED: 'Stop the server and see "holdfast verify --data FOLDER".',
  SHUTTING_DOWN: "The server is stopping: try again once it is back.",
};

/** What a person can do about a failure, and how to find out what became of a request with an unknown outcome. */
export function adviceFor(error: HoldfastError, server: string): string[] {
  const advice: string[] = [];
  const known = Object.hasOwn(BY_REASON, error.reason) ? BY_REASON[error.reason] : undefined;
  if (known !== undefined) advice.push(known);
  else if (error.code === GrpcStatus.UNAVAILABLE && error.reason === "") {
    advice.push(`Nothing answers at ${server}. Start it with "holdfast serve", or name another with --server.`);
  }
  const outcomeUnknown = error.code === GrpcStatus.UNAVAILABLE || error.code === GrpcStatus.DEADLINE_EXCEEDED;
  if (outcomeUnknown && error.requestId !== undefined) {
    advice.push(`To find out whether it was done, run it again with --request-id ${error.requestId}.`);
  }
  return advice;
}
