/** Reads Markdown with front matter: YAML between two lines of `---`, then text. */
import { ConfigError } from "../../core/errors.js";
import { isRecord } from "../../lib/is-record.js";
import { decode, readYamlText, type YamlDocument } from "../../yaml/read-yaml.js";

export interface MarkdownFile {
  readonly front: YamlDocument;
  /** The text without blank lines around it; null where it is empty. */
  readonly body: string | null;
  /** Whether the front matter is not valid YAML and was read line by line. */
  readonly isLoose: boolean;
}

/**
 * Splits a Markdown file; null where it has no front matter. With `lenient`, front matter that is not valid YAML is read
 * as lines of `key: text`, as other hosts do. Throws ConfigError with the place.
 */
export function readMarkdown(bytes: Uint8Array, file: string, lenient: boolean): MarkdownFile | null {
  const text = decode(bytes, file).replaceAll("\r\n", "\n");
  const [whole, yaml = ""] = /^---[ \t]*\n((?:[^\n]*\n)*?)---[ \t]*(?:\n|$)/.exec(text) ?? [];
  if (whole === undefined) {
    if (/^---[ \t]*\n/.test(text))
      throw new ConfigError(`${file}:1:1: the front matter does not end: close it with a line "---"`);
    return null;
  }
  const body = text.slice(whole.length).trim() || null;
  // A blank line replaces the first `---`, so that line numbers are those of the file.
  const read = () => readYamlText(`\n${yaml}`, file);
  if (!lenient) return { front: asMap(read()), body, isLoose: false };
  try {
    return { front: asMap(read()), body, isLoose: false };
  } catch (error) {
    const loose = readLines(yaml, file);
    if (loose === null) throw error;
    return { front: loose, body, isLoose: true };
  }
}

function asMap(document: YamlDocument): YamlDocument {
  if (isRecord(document.value)) return document;
  throw new ConfigError(`${document.file}:2:1: the front matter has to be a map of fields`);
}

/** Reads lines of `key: text`; null where there is another kind of line. */
function readLines(yaml: string, file: string): YamlDocument | null {
  const values = new Map<string, string>();
  const lines = new Map<string, number>();
  for (const [index, line] of yaml.split("\n").entries()) {
    if (/^\s*(#.*)?$/.test(line)) continue;
    const [, key, text] = /^([A-Za-z][A-Za-z0-9_-]*):[ \t]*(.*)$/.exec(line) ?? [];
    if (key === undefined || text === undefined || values.has(key)) return null;
    values.set(key, text.trim());
    lines.set(key, index + 2);
  }
  const place = ([key]: readonly PropertyKey[]) => `${file}:${lines.get(String(key)) ?? 2}:1`;
  return { file, value: Object.fromEntries(values), place };
}
