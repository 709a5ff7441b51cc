/** `npm run docs:config`: puts the table of settings into docs/configuration.md, between its two markers. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configMarkdown } from "../src/config/config-table.js";

export const CONFIG_DOCUMENT = fileURLToPath(new URL("../docs/configuration.md", import.meta.url));

const BEGIN = "<!-- settings: written by npm run docs:config -->";
const END = "<!-- end of settings -->";

/** The document with the table as the code has it now. */
export function withSettings(document: string): string {
  const [before, rest, ...others] = document.split(BEGIN);
  const [, after, ...more] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined || others.length > 0 || more.length > 0) {
    throw new Error(`the document needs each marker once: ${BEGIN} and ${END}`);
  }
  return `${before}${BEGIN}\n${configMarkdown()}\n${END}${after}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(CONFIG_DOCUMENT, withSettings(readFileSync(CONFIG_DOCUMENT, "utf8")));
}
