/**
 * What all commands that speak to a server share: their options, the client's lifetime, and how answers and failures
 * are printed.
 */
import { type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import { type Command, Option } from "commander";
import { HoldfastClient } from "../client/index.js";
import { parseAddress, parseDurationMs } from "./arguments.js";
import { EXIT_DONE, type ExitCode } from "./exit-code.js";
import { describeFailure, exitCodeOf, failureAsJson } from "./failure.js";
import type { Session } from "./session.js";

/** The options of every command that speaks to a server. */
export interface ServerOptions {
  readonly server: string;
  readonly timeout: number;
  readonly json?: boolean;
}

export const DEFAULT_SERVER = "127.0.0.1:7420";

/** Apart from the command's own options in its help. */
const SHARED_GROUP = "Server and output:";

/** Adds --server, --timeout and --json. */
export function addServerOptions(command: Command): Command {
  return command
    .addOption(serverOption().helpGroup(SHARED_GROUP))
    .addOption(
      new Option("--timeout <duration>", "how long to wait for the answer")
        .argParser(parseDurationMs)
        .default(10_000, "10s")
        .helpGroup(SHARED_GROUP),
    )
    .addOption(new Option("--json", "print protobuf JSON, for scripts").helpGroup(SHARED_GROUP));
}

/** --server, with its environment variable and default. */
export function serverOption(): Option {
  return new Option("--server <host:port>", "the server to speak to")
    .env("HOLDFAST_SERVER")
    .argParser(parseAddress)
    .default(DEFAULT_SERVER);
}

/** Runs one command against the server, and turns every failure into words and an exit code. */
export async function withClient(
  session: Session,
  options: ServerOptions,
  work: (client: HoldfastClient) => Promise<ExitCode>,
): Promise<void> {
  // A person waits: three attempts, not five.
  const client = new HoldfastClient(options.server, { deadlineMs: options.timeout, retry: { attemptsMax: 3 } });
  try {
    session.exitCode = await work(client);
  } catch (error) {
    const text = options.json ? failureAsJson(error) : describeFailure(error, options.server);
    session.terminal.printError(text);
    session.exitCode = exitCodeOf(error);
  } finally {
    client.close();
  }
}

/** Prints an answer: as JSON when asked, else as `describe` words it. */
export function printAnswer<Desc extends DescMessage>(
  session: Session,
  options: { readonly json?: boolean },
  answer: {
    readonly schema: Desc;
    readonly message: MessageShape<Desc>;
    readonly describe: (message: MessageShape<Desc>) => string;
    /** JSON names of fields that the server did not fill in for this reader. */
    readonly hidden?: readonly string[];
  },
): typeof EXIT_DONE {
  const { schema, message, describe, hidden = [] } = answer;
  const asJson = () =>
    JSON.stringify(toJson(schema, message, { alwaysEmitImplicit: true }), (name, value) =>
      hidden.includes(name) ? undefined : value,
    );
  session.terminal.print(options.json ? asJson() : describe(message));
  return EXIT_DONE;
}
