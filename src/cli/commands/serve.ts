import type { Command } from "commander";
import { ConfigError } from "../../config/config-error.js";
import { configTable } from "../../config/config-table.js";
import { EXIT_FAILURE, EXIT_USAGE } from "../exit-code.js";
import type { Session } from "../session.js";

interface ServeOptions {
  readonly listen?: string;
  readonly data?: string;
  readonly config?: string;
}

/** `holdfast serve`: the service itself. */
export function registerServe(program: Command, session: Session): void {
  program
    .command("serve")
    .description("run the service until SIGTERM or SIGINT")
    .option("--listen <HOST:PORT>", "address of the gRPC server; port 0 takes a free one")
    .option("--data <FOLDER>", "where journal and snapshots are kept")
    .option("--config <FILE>", "settings in YAML or JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ holdfast serve
  $ holdfast serve --listen 127.0.0.1:0 --data /var/lib/holdfast

Settings, from the file, from variables, or from the flags above (later ones win):
${configTable()}`,
    )
    .action(async (options: ServeOptions) => {
      try {
        // Only this command needs the engine; the others start faster without it.
        const { serve } = await import("../serve.js");
        session.exitCode = (await serve(options)) === 0 ? 0 : EXIT_FAILURE;
      } catch (cause) {
        session.terminal.printError(`holdfast cannot start: ${(cause as Error).message}`);
        session.exitCode = cause instanceof ConfigError ? EXIT_USAGE : EXIT_FAILURE;
      }
    });
}
