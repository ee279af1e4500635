/** Agent definitions of Claude Code. */
import { z } from "zod";
import type { AgentDefinition, DefinitionOrigin } from "../../core/definitions/agent.js";
import { checkValue } from "../../yaml/parse-yaml.js";
import type { MarkdownFile } from "../read/front-matter.js";
import { blockedTools, Count, commonFields, Names, namesIn, notesOf, toDefinition } from "./host-agent.js";

export const ClaudeFile = z.object({
  ...commonFields,
  disallowedTools: Names.optional(),
  maxTurns: Count.optional(),
});

/** Reads a definition of Claude Code. Throws ConfigError with the place. */
export function readClaudeAgent(markdown: MarkdownFile, origin: DefinitionOrigin): AgentDefinition {
  const { front } = markdown;
  const file = checkValue(front.value, ClaudeFile, front.place);
  const notes = notesOf(markdown, ClaudeFile.shape);
  return {
    ...toDefinition(file, markdown, origin, notes),
    blockedTools: blockedTools(namesIn(file.disallowedTools ?? []), notes, front.place(["disallowedTools"])),
    maxTurns: file.maxTurns ?? null,
    notes,
  };
}
