/** One agent definition from one file, in the vocabulary of its folder. */
import { extname } from "node:path";
import type { AgentDefinition } from "../core/definitions/agent.js";
import { ConfigError } from "../core/errors.js";
import { readYaml, type YamlPath } from "../yaml/read-yaml.js";
import { readClaudeAgent, readGeminiAgent } from "./hosts/host-agents.js";
import { readOwnAgent } from "./read/agent-file.js";
import type { DefinitionFolder } from "./read/definition-folders.js";
import { type MarkdownFile, readMarkdown } from "./read/front-matter.js";
import type { ReadFile } from "./read/read-file.js";
import { checkStem } from "./read/words.js";

export interface LoadedAgent {
  readonly definition: AgentDefinition;
  place(path: YamlPath): string;
}

/** Reads an agent definition. Throws ConfigError with the place. */
export function loadAgent({ file, bytes }: ReadFile, folder: DefinitionFolder, stem: string): LoadedAgent {
  const { origin, vocabulary } = folder;
  if (vocabulary === "claude") return fromMarkdown(file, bytes, true, (read) => readClaudeAgent(read, origin));
  if (vocabulary === "gemini") return fromMarkdown(file, bytes, true, (read) => readGeminiAgent(read, origin));
  checkStem(file, stem);
  if (extname(file) === ".md")
    return fromMarkdown(file, bytes, false, ({ front, body }) => readOwnAgent(front, body, { stem, origin }));
  const document = readYaml(bytes, file);
  return { definition: readOwnAgent(document, null, { stem, origin }), place: document.place };
}

function fromMarkdown(
  file: string,
  bytes: Uint8Array,
  lenient: boolean,
  toDefinition: (read: MarkdownFile) => AgentDefinition,
): LoadedAgent {
  const markdown = readMarkdown(bytes, file, lenient);
  if (markdown === null)
    throw new ConfigError(`${file}:1:1: an agent's file begins with its fields between two lines of "---"`);
  return { definition: toDefinition(markdown), place: markdown.front.place };
}
