import type { Command } from "commander";
import { everyPage } from "../client/index.js";
import { countUpTo } from "./arguments.js";

/** The options of every command that lists. */
export interface PageOptions {
  readonly pageSize?: number;
  readonly pageToken?: string;
  readonly all?: boolean;
}

/** Adds --page-size, --page-token and --all. */
export function addPageOptions(command: Command): Command {
  return command
    .option("--page-size <count>", "entries on a page, at most 1000 (default: 100)", countUpTo(1_000))
    .option("--page-token <token>", "where to go on, from the page before")
    .option("--all", "every page");
}

/** Reads the page asked for, or with --all every page from there on, put together into the first. */
export async function readPages<Page extends { nextPageToken: string }>(
  options: PageOptions,
  list: {
    fetch: (page: { pageSize: number | undefined; pageToken: string }) => Promise<Page>;
    append: (into: Page, next: Page) => void;
  },
): Promise<Page> {
  const { pageSize, pageToken = "", all } = options;
  const first = await list.fetch({ pageSize, pageToken });
  if (!all || first.nextPageToken === "") return first;
  const { nextPageToken } = first;
  first.nextPageToken = "";
  for await (const next of everyPage((token) => list.fetch({ pageSize, pageToken: token || nextPageToken }))) {
    list.append(first, next);
  }
  return first;
}

/** Says below a table how to read on, when there is more. */
export function withMoreHint(text: string, page: { readonly nextPageToken: string }): string {
  if (page.nextPageToken === "") return text;
  return `${text}\n\nThere is more: go on with --page-token ${page.nextPageToken}, or see everything with --all.`;
}
