import type { Command } from "commander";
import { GetSyncHealthResponseSchema } from "../../client/index.js";
import { addServerOptions, printAnswer, type ServerOptions, withClient } from "../client-command.js";
import type { Session } from "../session.js";
import { describeHealth } from "../views/health-view.js";

interface HealthOptions extends ServerOptions {
  readonly warehouse?: string;
  readonly sku?: string;
}

const EXAMPLES = `
Examples:
  $ holdfast health
  $ holdfast health --warehouse north --sku bolt-m8
  Only the level of what waits for a person:
  $ holdfast health --json | jq .deadLetters.level`;

export function registerHealth(program: Command, session: Session): void {
  addServerOptions(program.command("health"))
    .summary("see whether the ERP side is healthy")
    .description("Shows how current figures are, how reliable promises were, and what waits for a person.")
    .option("--warehouse <warehouse>", "of this warehouse alone")
    .option("--sku <sku>", "the accuracy of this SKU alone, in that warehouse")
    .addHelpText("after", EXAMPLES)
    .action((options: HealthOptions) =>
      withClient(session, options, async (client) => {
        const message = await client.getSyncHealth({ warehouseId: options.warehouse, sku: options.sku });
        const describe = (): string => describeHealth(message);
        return printAnswer(session, options, { schema: GetSyncHealthResponseSchema, message, describe });
      }),
    );
}
