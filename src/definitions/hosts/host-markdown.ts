/** Reads the agent files of other hosts as leniently as these do. */
import { ConfigError } from "../../core/errors.js";
import { readYamlText } from "../../yaml/read-yaml.js";
import { asMap, type MarkdownFile, splitMarkdown } from "../read/front-matter.js";
import { readLooseFields } from "./loose-fields.js";

/** A file of another host, and what had to be put right to read it, one sentence each. */
export interface HostMarkdown extends MarkdownFile {
  readonly notes: readonly string[];
}

const CLOSING = /^-{3,}\s*$/;

/** Null for a file without front matter, which is no agent. Throws ConfigError with the place. */
export function readHostMarkdown(bytes: Uint8Array, file: string): HostMarkdown | null {
  const parts = splitMarkdown(bytes, file, CLOSING);
  if (parts === null) return null;
  const { yaml, body } = parts;
  try {
    return { front: asMap(readYamlText(yaml, file)), body, notes: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { front, repeated } = readLooseFields(yaml, file);
    if (Object.keys(front.value as object).length === 0) throw error;
    return { front, body, notes: repeated.length > 0 ? [repeatedNote(repeated)] : [LOOSE_NOTE] };
  }
}

const LOOSE_NOTE = "its front matter is not valid YAML and was read line by line";

function repeatedNote(keys: readonly string[]): string {
  return `${LOOSE_NOTE}; of ${keys.join(", ")}, which stand more than once, the last counts, and blocks add up`;
}
