/** The settings for people: as text for `holdfast serve --help`, and as the table of docs/configuration.md. */
import { SETTING_KEYS, SETTINGS, variableOf } from "./settings.js";

interface Row {
  readonly key: string;
  readonly variable: string;
  readonly defaultText: string;
  readonly allowed: string;
  readonly doc: string;
}

/** Every setting as plain text, three lines each; no line break at the end. */
export function configTable(): string {
  const rows = settingRows();
  const width = Math.max(...rows.map(({ key }) => key.length));
  const indent = " ".repeat(width + 4);
  return rows
    .map(({ key, variable, defaultText, allowed, doc }) =>
      [
        `  ${key.padEnd(width)}  ${doc}`,
        `${indent}${variable}, by default ${defaultText}`,
        `${indent}Allowed: ${allowed}`,
      ].join("\n"),
    )
    .join("\n");
}

/** Every setting as a Markdown table; no line break at the end. */
export function configMarkdown(): string {
  return [
    "| Key | Variable | Default | Allowed | Meaning |",
    "|---|---|---|---|---|",
    ...settingRows().map(
      ({ key, variable, defaultText, allowed, doc }) =>
        `| \`${key}\` | \`${variable}\` | \`${defaultText}\` | ${allowed} | ${doc} |`,
    ),
  ].join("\n");
}

function settingRows(): readonly Row[] {
  return SETTING_KEYS.map((key) => {
    const { defaultText, kind, doc } = SETTINGS[key];
    return { key, variable: variableOf(key), defaultText, allowed: kind.allowed, doc };
  });
}
