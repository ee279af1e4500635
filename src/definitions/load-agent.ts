/** Loads one agent definition from one file, in the vocabulary of its folder. */
import { extname } from "node:path";
import type { AgentDefinition, DefinitionOrigin } from "../core/definitions/agent.js";
import { ConfigError } from "../core/errors.js";
import type { AgentsHost } from "../hosts/known-hosts.js";
import { readYaml, type YamlPath } from "../yaml/read-yaml.js";
import { readClaudeAgent } from "./hosts/claude-agent.js";
import { readGeminiAgent } from "./hosts/gemini-agent.js";
import { nameIn } from "./hosts/host-agent.js";
import { type HostMarkdown, readHostMarkdown } from "./hosts/host-markdown.js";
import { readOwnAgent } from "./read/agent-file.js";
import { checkStem } from "./read/definition-fields.js";
import { type DefinitionFolder, isHostVocabulary } from "./read/definition-folders.js";
import { readMarkdown } from "./read/front-matter.js";
import type { ReadFile } from "./read/read-file.js";
import type { Parsed } from "./read/search.js";

export interface LoadedAgent {
  readonly definition: AgentDefinition;
  place(path: YamlPath): string;
}

type HostReader = (markdown: HostMarkdown, origin: DefinitionOrigin) => AgentDefinition;

const HOST_READERS: Readonly<Record<AgentsHost["id"], HostReader>> = {
  claude: readClaudeAgent,
  gemini: readGeminiAgent,
};

/** Reads an agent definition; null for a file of a host that is no agent. Throws ConfigError with the place. */
export function loadAgent(read: ReadFile, folder: DefinitionFolder, stem: string): Parsed<LoadedAgent> | null {
  const { origin, vocabulary } = folder;
  if (!isHostVocabulary(vocabulary)) return { name: null, load: () => loadOwn(read, origin, stem) };
  const markdown = readHostMarkdown(read.bytes, read.file);
  if (markdown === null) return null;
  return {
    name: nameIn(markdown),
    load: () => ({ definition: HOST_READERS[vocabulary](markdown, origin), place: markdown.front.place }),
  };
}

function loadOwn({ file, bytes }: ReadFile, origin: DefinitionOrigin, stem: string): LoadedAgent {
  checkStem(file, stem);
  if (extname(file) !== ".md") {
    const document = readYaml(bytes, file);
    return { definition: readOwnAgent(document, null, { stem, origin }), place: document.place };
  }
  const markdown = readMarkdown(bytes, file);
  if (markdown === null)
    throw new ConfigError(`${file}:1:1: an agent's file begins with its fields between two lines of "---"`);
  const { front, body } = markdown;
  return { definition: readOwnAgent(front, body, { stem, origin }), place: front.place };
}
