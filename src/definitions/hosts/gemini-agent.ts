/** Agent definitions of Gemini CLI. */
import { z } from "zod";
import type { AgentDefinition, DefinitionOrigin } from "../../core/definitions/agent.js";
import { checkValue } from "../../yaml/parse-yaml.js";
import type { MarkdownFile } from "../read/front-matter.js";
import { Count, commonFields, notesOf, toDefinition, toNumber } from "./host-agent.js";

const Minutes = z
  .number()
  .positive()
  .max(7 * 24 * 60);

export const GeminiFile = z.object({
  kind: z
    .string()
    .refine((kind) => kind === "local", 'only agents of kind "local" can run in legwork')
    .optional(),
  ...commonFields,
  display_name: z.string().optional(),
  max_turns: Count.optional(),
  timeout_mins: z.preprocess(toNumber, Minutes).optional(),
});

/** Reads a definition of Gemini CLI. Throws ConfigError with the place. */
export function readGeminiAgent(markdown: MarkdownFile, origin: DefinitionOrigin): AgentDefinition {
  const { front } = markdown;
  const file = checkValue(front.value, GeminiFile, front.place);
  const notes = notesOf(markdown, GeminiFile.shape);
  return {
    ...toDefinition(file, markdown, origin, notes),
    maxTurns: file.max_turns ?? null,
    timeoutSeconds: file.timeout_mins === undefined ? null : file.timeout_mins * 60,
    notes,
  };
}
