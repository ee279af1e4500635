/** Agents and workflows, one a line, for people. */
import type { DefinitionEntry } from "../../core/definitions/agent.js";
import { visible } from "../../core/visible.js";
import { firstLine } from "./visible.js";

const WIDEST_NAME = 40; // characters; longer names push their line to the right
const WIDEST_ORIGIN = "project".length;

/** Each entry with its description or its error, `detailsOf` below it, and the notices at the end. */
export function definitionsText<E extends DefinitionEntry>(
  entries: readonly E[],
  detailsOf: (entry: E) => readonly string[],
  notices: readonly string[],
  width: number,
): string {
  const indent = Math.min(WIDEST_NAME, Math.max(0, ...entries.map(({ name }) => visible(name).length)));
  const lines = entries.flatMap((entry) => {
    const head = `${visible(entry.name).padEnd(indent)}  ${entry.origin.padEnd(WIDEST_ORIGIN)}  `;
    const line = entry.error === null ? firstLine(entry.description ?? "", width - head.length) : "cannot be used:";
    const error = entry.error === null ? [] : [`  ${visible(entry.error)}`];
    return [`${head}${line}`.trimEnd(), ...error, ...detailsOf(entry).map((detail) => `  ${visible(detail)}`)];
  });
  const blocks = [lines.join("\n"), ...notices.map(visible)].filter((block) => block !== "");
  return `${blocks.join("\n\n")}\n`;
}
