import { type Command, Option } from "commander";
import { ConfigError } from "../../config/config-error.js";
import { parseAddress } from "../arguments.js";
import { connectTable } from "../connect/connect-table.js";
import { EXIT_FAILURE, EXIT_USAGE } from "../exit-code.js";
import type { Session } from "../session.js";

interface ConnectOptions {
  readonly config: string;
  readonly server?: string;
  readonly takeOver?: boolean;
}

/** `holdfast connect`: brings in the events of an ERP that cannot push, and hands it the orders. */
export function registerConnect(program: Command, session: Session): void {
  program
    .command("connect")
    .summary("connect an ERP that has to be asked: Tryton, or a folder of CSV files")
    .description("Polls an ERP until SIGTERM or SIGINT: its stock moves become events, our orders become its orders.")
    .requiredOption("--config <FILE>", "settings in YAML or JSON (required)")
    .addOption(
      new Option("--server <host:port>", "the server to speak to, instead of the file's")
        .env("HOLDFAST_SERVER")
        .argParser(parseAddress),
    )
    .option("--take-over", "the state folder is lost: go on behind what Holdfast has, and compare every position")
    .addHelpText(
      "after",
      `
Examples:
  $ holdfast connect --config connect.yaml

One connector for a source, and one state folder for a connector, kept for as long as the source lives.

Settings, all from the file:
${connectTable()}`,
    )
    .action(async ({ config: file, server, takeOver = false }: ConnectOptions) => {
      try {
        const { loadConnectConfig } = await import("../connect/connect-config.js");
        const config = loadConnectConfig({ file, server, env: process.env });
        // Only this command needs the connector and its packages.
        const { connect } = await import("../connect/connect.js");
        await connect(config, takeOver);
      } catch (cause) {
        session.terminal.printError(`holdfast cannot connect: ${(cause as Error).message}`);
        session.exitCode = cause instanceof ConfigError ? EXIT_USAGE : EXIT_FAILURE;
      }
    });
}
