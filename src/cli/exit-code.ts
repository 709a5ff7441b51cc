/** How the command line tells scripts what happened. */
export const EXIT_DONE = 0;
/** Nothing is known to have changed: the server cannot be reached or is overloaded, or something broke. */
export const EXIT_FAILURE = 1;
/** The command was not understood; nothing was sent. */
export const EXIT_USAGE = 2;
/** The server understood and said no. */
export const EXIT_REFUSED = 3;

export type ExitCode = typeof EXIT_DONE | typeof EXIT_FAILURE | typeof EXIT_USAGE | typeof EXIT_REFUSED;
