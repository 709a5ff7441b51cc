import type { ExitCode } from "./exit-code.js";

/** Where a command writes. Tests pass their own. */
export interface Terminal {
  /** Standard output is a person's terminal, not a pipe. */
  readonly interactive: boolean;
  /** Writes text and a line end to standard output. */
  print(text: string): void;
  /** Writes text and a line end to standard error. */
  printError(text: string): void;
}

/** One run of the command line; a command leaves its exit code here. */
export interface Session {
  readonly terminal: Terminal;
  exitCode: ExitCode;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  // The reader of a pipe may have seen enough, as in "holdfast list | head": no reason for a stack trace.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
  return {
    interactive: process.stdout.isTTY === true,
    print: (text) => {
      process.stdout.write(`${text}\n`);
    },
    printError: (text) => {
      process.stderr.write(`${text}\n`);
    },
  };
}
