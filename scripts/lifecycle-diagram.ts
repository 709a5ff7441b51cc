/** `npm run diagrams`: puts the diagram of the reservation machine into its document, between two markers. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createMachine } from "xstate";
import { LIFECYCLE } from "../src/domain/lifecycle.js";

export const LIFECYCLE_DOCUMENT = fileURLToPath(new URL("../docs/reservation-lifecycle.md", import.meta.url));

const BEGIN = "<!-- diagram: written by npm run diagrams -->";
const END = "<!-- end of diagram -->";

/** The machine as XState reads it, in Mermaid; the transitions between two states share an arrow. */
export function lifecycleDiagram(): string {
  const machine = createMachine(LIFECYCLE);
  const arrows = new Map<string, string[]>();
  for (const state of Object.values(machine.states)) {
    for (const transition of [...state.transitions.values()].flat()) {
      const target = transition.target?.[0]?.key ?? state.key;
      const arrow = `${state.key} --> ${target}`;
      arrows.set(arrow, [...(arrows.get(arrow) ?? []), transition.eventType]);
    }
  }
  const finals = Object.values(machine.states).filter((state) => state.type === "final");
  return [
    "```mermaid",
    "stateDiagram-v2",
    `    [*] --> ${LIFECYCLE.initial}`,
    ...[...arrows].map(([arrow, events]) => `    ${arrow} : ${events.join(", ")}`),
    ...finals.map((state) => `    ${state.key} --> [*]`),
    "```",
  ].join("\n");
}

/** The document with the diagram as the machine has it now. */
export function withDiagram(document: string): string {
  const [before, rest, ...others] = document.split(BEGIN);
  const [, after, ...more] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined || others.length > 0 || more.length > 0) {
    throw new Error(`the document needs each marker once: ${BEGIN} and ${END}`);
  }
  return `${before}${BEGIN}\n${lifecycleDiagram()}\n${END}${after}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(LIFECYCLE_DOCUMENT, withDiagram(readFileSync(LIFECYCLE_DOCUMENT, "utf8")));
}
