/** Agent definitions of Claude Code. */
import { z } from "zod";
import type { AgentDefinition, DefinitionOrigin } from "../../core/definitions/agent.js";
import { ConfigError } from "../../core/errors.js";
import { isRecord } from "../../lib/is-record.js";
import { starMatches } from "../../lib/star-matches.js";
import { Any, commonFields, effortOf, fieldsOf, notesOf, toDefinition, turnsOf } from "./host-agent.js";
import type { HostMarkdown } from "./host-markdown.js";
import { BLOCKS, blockedTools } from "./tool-names.js";

export const ClaudeFile = z.object({
  ...commonFields,
  disallowedTools: Any.optional(),
  maxTurns: Any.optional(),
  effort: Any.optional(),
});

/** The names of the tool that starts agents. */
const STARTS_AGENTS: readonly string[] = ["Task", "Agent"];

/** Reads a definition of Claude Code. Throws ConfigError with the place. */
export function readClaudeAgent(markdown: HostMarkdown, origin: DefinitionOrigin): AgentDefinition {
  const fields = fieldsOf(markdown);
  refuseHiddenBlocks(fields, markdown);
  const lists = Object.keys(fields).filter((key) => BLOCKS.test(key));
  const notes = notesOf(markdown, { ...ClaudeFile.shape, ...Object.fromEntries(lists.map((key) => [key, null])) });
  const definition = toDefinition(markdown, origin, notes);
  const blocked = lists.flatMap((key) => blockedTools(fields[key], key, markdown.front.place([key]), notes));
  return {
    ...definition,
    blockedTools: blocked,
    maxDepth: blocked.some((pattern) => STARTS_AGENTS.some((name) => starMatches(pattern, name))) ? 1 : null,
    effort: effortOf(fields.effort, notes),
    maxTurns: turnsOf(fields.maxTurns, "maxTurns", notes),
    notes,
  };
}

/** A list of blocks inside another field would block nothing. */
function refuseHiddenBlocks(fields: object, { front }: HostMarkdown): void {
  for (const [field, value] of Object.entries(fields))
    if (holdsBlocks(value))
      throw new ConfigError(
        `${front.place([field])}: a list of blocked tools stands inside ${field}: begin its line with the name of the list, without blanks or signs before it`,
      );
}

function holdsBlocks(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, item]) => (isRecord(value) && BLOCKS.test(key)) || holdsBlocks(item));
}
