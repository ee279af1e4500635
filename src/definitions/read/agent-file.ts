/** Agent definitions in legwork's vocabulary: YAML, or Markdown whose text is the system prompt. */
import { z } from "zod";
import type { AgentDefinition, DefinitionOrigin } from "../../core/definitions/agent.js";
import { ConfigError } from "../../core/errors.js";
import { toModelWish } from "../../core/run/model-name.js";
import { checkValue } from "../../yaml/parse-yaml.js";
import type { YamlDocument } from "../../yaml/read-yaml.js";
import {
  Depth,
  EffortChoice,
  Models,
  OutputTokens,
  Patterns,
  Seconds,
  Temperature,
  Tokens,
  Turns,
  Usd,
} from "../../yaml/shared-fields.js";
import { Name, OutputSchema, Text, Variables } from "./definition-fields.js";

export const AgentFile = z.strictObject({
  name: Name.optional(),
  description: Text.optional(),
  prompt: Text.optional(),
  provider: Text.optional(),
  model: Models.optional(),
  effort: EffortChoice.optional(),
  temperature: Temperature.optional(),
  max_output_tokens: OutputTokens.optional(),
  tools: Patterns.optional(),
  blocked_tools: Patterns.optional(),
  servers: z.array(Text).optional(),
  workflow: Name.optional(),
  variables: Variables.optional(),
  max_turns: Turns.optional(),
  timeout_seconds: Seconds.optional(),
  max_cost_usd: Usd.optional(),
  max_tokens: Tokens.optional(),
  max_depth: Depth.optional(),
  output_schema: OutputSchema.optional(),
});

/** The facts about a definition that its file does not hold. */
export interface FileFacts {
  /** The file's name without its ending. */
  readonly stem: string;
  readonly origin: DefinitionOrigin;
}

/** Reads a definition; `body` is the text under the front matter. Throws ConfigError with the place. */
export function readOwnAgent(
  document: YamlDocument,
  body: string | null,
  { stem, origin }: FileFacts,
): AgentDefinition {
  const file = checkValue(document.value, AgentFile, document.place);
  if (file.name !== undefined && file.name !== stem)
    throw new ConfigError(
      `${document.place(["name"])}: the name "${file.name}" differs from the file's name, ${stem}: make them equal`,
    );
  if (file.prompt !== undefined && body !== null)
    throw new ConfigError(`${document.place(["prompt"])}: there is text under the front matter too: keep one of them`);
  return {
    name: stem,
    from: document.file,
    origin,
    isImported: false,
    description: file.description ?? null,
    prompt: file.prompt ?? body,
    provider: file.provider ?? null,
    ...toModelWish(file.model),
    effort: file.effort ?? null,
    temperature: file.temperature ?? null,
    maxOutputTokens: file.max_output_tokens ?? null,
    tools: file.tools ?? null,
    blockedTools: file.blocked_tools ?? [],
    servers: file.servers ?? null,
    workflow: file.workflow ?? null,
    variables: file.variables ?? {},
    maxTurns: file.max_turns ?? null,
    timeoutSeconds: file.timeout_seconds ?? null,
    maxCostUsd: file.max_cost_usd ?? null,
    maxTokens: file.max_tokens ?? null,
    maxDepth: file.max_depth ?? null,
    outputSchema: file.output_schema ?? null,
    notes: [],
  };
}
