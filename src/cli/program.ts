/**
 * The command line as a whole: which commands there are, the help of all of them, and how usage errors end.
 * What a command does is in its own file under commands/.
 */
import { Command, CommanderError } from "commander";
import { registerAtRisk } from "./commands/at-risk.js";
import { registerAvailability } from "./commands/availability.js";
import { registerBackup } from "./commands/backup.js";
import { registerCommit } from "./commands/commit.js";
import { registerConnect } from "./commands/connect.js";
import { registerDeadLetters } from "./commands/dead-letters.js";
import { registerDealers } from "./commands/dealers.js";
import { registerDrift } from "./commands/drift.js";
import { registerExceptions } from "./commands/exceptions.js";
import { registerExtend } from "./commands/extend.js";
import { registerGet } from "./commands/get.js";
import { registerHealth } from "./commands/health.js";
import { registerList } from "./commands/list.js";
import { registerPolicy } from "./commands/policy.js";
import { registerReceive } from "./commands/receive.js";
import { registerRelease } from "./commands/release.js";
import { registerReplay } from "./commands/replay.js";
import { registerReserve } from "./commands/reserve.js";
import { registerRestore } from "./commands/restore.js";
import { registerServe } from "./commands/serve.js";
import { registerSource } from "./commands/source.js";
import { registerStock } from "./commands/stock.js";
import { registerVerify } from "./commands/verify.js";
import { registerWatch } from "./commands/watch.js";
import { EXIT_DONE, EXIT_USAGE, type ExitCode } from "./exit-code.js";
import { ownVersion } from "./own-version.js";
import type { Session, Terminal } from "./session.js";

/** In the order of the help. */
const COMMANDS: readonly ((program: Command, session: Session) => void)[] = [
  registerServe,
  registerConnect,
  registerReserve,
  registerCommit,
  registerRelease,
  registerExtend,
  registerGet,
  registerList,
  registerAvailability,
  registerWatch,
  registerReceive,
  registerStock,
  registerHealth,
  registerSource,
  registerDeadLetters,
  registerExceptions,
  registerAtRisk,
  registerDrift,
  registerDealers,
  registerPolicy,
  registerBackup,
  registerRestore,
  registerVerify,
  registerReplay,
];

const AFTER_HELP = `
Examples:
  $ holdfast serve
  $ holdfast receive --warehouse north bolt-m8=100
  $ holdfast reserve --dealer d-17 --warehouse north --order 4711 bolt-m8=5
  $ holdfast commit --dealer d-17 RESERVATION_ID
  $ holdfast availability --warehouse north

"holdfast COMMAND --help" shows the options and examples of a command.

Exit codes:
  0  done
  1  failure: the server cannot be reached or is overloaded, or something broke
  2  the command line is wrong; nothing was sent
  3  refused: the server understood and said no

Environment:
  HOLDFAST_SERVER  HOST:PORT of the server, instead of --server`;

/** Runs one command line, without the program's own name, and says how it ended. */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const session: Session = { terminal, exitCode: EXIT_DONE };
  const program = createProgram(session);
  try {
    await program.parseAsync(argv, { from: "user" });
    return session.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_DONE : EXIT_USAGE;
    throw error;
  }
}

function createProgram(session: Session): Command {
  const { terminal } = session;
  const program = new Command("holdfast")
    .description("Real-time inventory availability and reservation.")
    .version(ownVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "show this help")
    .showHelpAfterError('("--help" shows what is allowed)')
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.printError(text.trimEnd()),
    })
    .exitOverride()
    .addHelpText("after", AFTER_HELP);
  for (const register of COMMANDS) register(program, session);
  return program;
}
