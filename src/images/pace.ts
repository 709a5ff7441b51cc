/**
 * Called after each piece of background work with the bytes it took. It may resolve at once, or let others go first:
 * images are made beside the service, and must not be felt there.
 */
export type Pace = (bytes: number) => Promise<void>;

/** No rest: for work that somebody waits for. */
export const WITHOUT_REST: Pace = async () => {};
