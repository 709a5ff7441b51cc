import { CONNECT_KEYS, CONNECT_SETTINGS } from "./connect-settings.js";

/** The settings as plain text for the command's help, three lines each; no line break at the end. */
export function connectTable(): string {
  const width = Math.max(...CONNECT_KEYS.map((key) => key.length));
  const indent = " ".repeat(width + 4);
  return CONNECT_KEYS.map((key) => {
    const { defaultText, kind, doc } = CONNECT_SETTINGS[key];
    const otherwise = defaultText === undefined ? "Unset by default" : `By default ${JSON.stringify(defaultText)}`;
    return [`  ${key.padEnd(width)}  ${doc}`, `${indent}${otherwise}`, `${indent}Allowed: ${kind.allowed}`].join("\n");
  }).join("\n");
}
