/** Agent definitions of Gemini CLI. */
import { z } from "zod";
import type { AgentDefinition, DefinitionOrigin } from "../../core/definitions/agent.js";
import { ConfigError } from "../../core/errors.js";
import {
  Any,
  commonFields,
  fieldsOf,
  minutesOf,
  notesOf,
  plainText,
  temperatureOf,
  toDefinition,
  turnsOf,
} from "./host-agent.js";
import type { HostMarkdown } from "./host-markdown.js";

export const GeminiFile = z.object({
  kind: Any.optional(),
  ...commonFields,
  display_name: Any.optional(),
  temperature: Any.optional(),
  max_turns: Any.optional(),
  timeout_mins: Any.optional(),
});

/** Reads a definition of Gemini CLI. Throws ConfigError with the place. */
export function readGeminiAgent(markdown: HostMarkdown, origin: DefinitionOrigin): AgentDefinition {
  const { kind, temperature, max_turns: turns, timeout_mins: minutes, agent_card_url: card } = fieldsOf(markdown);
  if ((plainText(kind) ?? (card === undefined ? "local" : "remote")) !== "local")
    throw new ConfigError(
      `${markdown.front.place(["kind"])}: the agent runs elsewhere (kind: remote): only agents of kind "local" can run in legwork`,
    );
  const notes = notesOf(markdown, GeminiFile.shape);
  const definition = toDefinition(markdown, origin, notes);
  const minutesAllowed = minutesOf(minutes, "timeout_mins", notes);
  return {
    ...definition,
    temperature: temperatureOf(temperature, notes),
    maxTurns: turnsOf(turns, "max_turns", notes),
    timeoutSeconds: minutesAllowed === null ? null : minutesAllowed * 60,
    notes,
  };
}
