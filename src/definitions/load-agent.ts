/** Loads one agent definition from one file, in the vocabulary of its folder. */
import { extname } from "node:path";
import type { AgentDefinition, DefinitionOrigin } from "../core/definitions/agent.js";
import { ConfigError } from "../core/errors.js";
import type { AgentsHost } from "../hosts/known-hosts.js";
import { readYaml, type YamlPath } from "../yaml/read-yaml.js";
import { readClaudeAgent } from "./hosts/claude-agent.js";
import { readGeminiAgent } from "./hosts/gemini-agent.js";
import { readOwnAgent } from "./read/agent-file.js";
import { checkStem } from "./read/definition-fields.js";
import { type DefinitionFolder, isHostVocabulary } from "./read/definition-folders.js";
import { type MarkdownFile, readMarkdown } from "./read/front-matter.js";
import type { ReadFile } from "./read/read-file.js";

export interface LoadedAgent {
  readonly definition: AgentDefinition;
  place(path: YamlPath): string;
}

type HostReader = (markdown: MarkdownFile, origin: DefinitionOrigin) => AgentDefinition;

const HOST_READERS: Readonly<Record<AgentsHost["id"], HostReader>> = {
  claude: readClaudeAgent,
  gemini: readGeminiAgent,
};

/** Reads an agent definition. Throws ConfigError with the place. */
export function loadAgent({ file, bytes }: ReadFile, folder: DefinitionFolder, stem: string): LoadedAgent {
  const { origin, vocabulary } = folder;
  if (isHostVocabulary(vocabulary)) {
    const read = HOST_READERS[vocabulary];
    return fromMarkdown(file, bytes, true, (markdown) => read(markdown, origin));
  }
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
  toDefinition: (markdown: MarkdownFile) => AgentDefinition,
): LoadedAgent {
  const markdown = readMarkdown(bytes, file, lenient);
  if (markdown === null)
    throw new ConfigError(`${file}:1:1: an agent's file begins with its fields between two lines of "---"`);
  return { definition: toDefinition(markdown), place: markdown.front.place };
}
