import type { Command } from "commander";
import {
  DropDeadLetterResponseSchema,
  ListDeadLettersResponseSchema,
  ReplayDeadLetterResponseSchema,
} from "../../client/index.js";
import { parseWholeNumber } from "../arguments.js";
import { type AttributionOptions, addAttributionOptions } from "../attribution-options.js";
import { addServerOptions, printAnswer, type ServerOptions, withClient } from "../client-command.js";
import { addPageOptions, type PageOptions, readPages, withMoreHint } from "../page-options.js";
import type { Session } from "../session.js";
import { describeDeadLetters } from "../views/dead-letter-view.js";

interface ListOptions extends ServerOptions, PageOptions {
  readonly source?: string;
  readonly resolved?: boolean;
}

type ResolveOptions = ServerOptions & AttributionOptions;

const LIST = 'Lists ERP events that could not be taken, newest first: "holdfast dead-letters list --source erp".';
const REPLAY = 'Takes an event after all, now that nothing stands against it: "holdfast dead-letters replay 7".';
const DROP = "Lets an event go for good: \"holdfast dead-letters drop 7 --reason 'sent twice'\".";

const EXAMPLES = `
Examples:
  $ holdfast dead-letters list
  $ holdfast dead-letters replay 7 --actor ann --reason "the count was right"
  $ holdfast dead-letters drop 7 --reason "sent twice"`;

export function registerDeadLetters(program: Command, session: Session): void {
  const letters = program
    .command("dead-letters")
    .summary("see to ERP events that could not be taken")
    .description("Shows the ERP events that could not be taken, takes them after all, or drops them.")
    .addHelpText("after", EXAMPLES);
  registerDeadLettersList(letters, session);
  registerDeadLettersReplay(letters, session);
  registerDeadLettersDrop(letters, session);
}

function registerDeadLettersList(letters: Command, session: Session): void {
  const command = addServerOptions(letters.command("list").summary("list the events").description(LIST))
    .option("--source <source>", "of this source only")
    .option("--resolved", "those that were replayed or dropped as well");
  addPageOptions(command).action((options: ListOptions) =>
    withClient(session, options, async (client) => {
      const { source, resolved: includeResolved } = options;
      const message = await readPages(options, {
        fetch: (page) => client.listDeadLetters({ source, includeResolved, ...page }),
        append: (into, next) => into.deadLetters.push(...next.deadLetters),
      });
      const describe = (): string => withMoreHint(describeDeadLetters(message.deadLetters), message);
      return printAnswer(session, options, { schema: ListDeadLettersResponseSchema, message, describe });
    }),
  );
}

function registerDeadLettersReplay(letters: Command, session: Session): void {
  const command = addServerOptions(letters.command("replay").summary("take an event after all").description(REPLAY));
  addAttributionOptions(command)
    .argument("<number>", "of the dead letter", parseWholeNumber)
    .action((number: bigint, options: ResolveOptions) =>
      withClient(session, options, async (client) => {
        const { actor, reason } = options;
        const message = await client.replayDeadLetter({ number, actor, reason });
        const describe = (): string =>
          describeDeadLetters(message.deadLetter === undefined ? [] : [message.deadLetter]);
        return printAnswer(session, options, { schema: ReplayDeadLetterResponseSchema, message, describe });
      }),
    );
}

function registerDeadLettersDrop(letters: Command, session: Session): void {
  const command = addServerOptions(letters.command("drop").summary("let an event go").description(DROP));
  addAttributionOptions(command)
    .argument("<number>", "of the dead letter", parseWholeNumber)
    .action((number: bigint, options: ResolveOptions) =>
      withClient(session, options, async (client) => {
        const { actor, reason } = options;
        const message = await client.dropDeadLetter({ number, actor, reason });
        const describe = (): string =>
          describeDeadLetters(message.deadLetter === undefined ? [] : [message.deadLetter]);
        return printAnswer(session, options, { schema: DropDeadLetterResponseSchema, message, describe });
      }),
    );
}
