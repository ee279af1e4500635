/** Reads Markdown with front matter: YAML between two lines of `---`, then text. */
import { ConfigError } from "../../core/errors.js";
import { isRecord } from "../../lib/is-record.js";
import { decode, readYamlText, type YamlDocument } from "../../yaml/read-yaml.js";

export interface MarkdownFile {
  readonly front: YamlDocument;
  /** The text without blank lines around it; null where it is empty. */
  readonly body: string | null;
}

/** The parts of a Markdown file; `yaml` keeps the line numbers of the file. */
export interface MarkdownParts {
  readonly yaml: string;
  readonly body: string | null;
}

const FIRST_LINE = /^---[ \t]*\n/;

/** Splits a Markdown file; null where it has no front matter. Throws ConfigError for front matter without an end. */
export function splitMarkdown(bytes: Uint8Array, file: string, closing: RegExp): MarkdownParts | null {
  const text = decode(bytes, file).replace(/\r\n?/g, "\n");
  const [first] = FIRST_LINE.exec(text) ?? [];
  if (first === undefined) return null;
  const lines = text.slice(first.length).split("\n");
  const end = lines.findIndex((line) => closing.test(line));
  if (end < 0) throw new ConfigError(`${file}:1:1: the front matter does not end: close it with a line "---"`);
  const body = lines
    .slice(end + 1)
    .join("\n")
    .trim();
  // A blank line replaces the first `---`, so that line numbers are those of the file.
  return { yaml: ["", ...lines.slice(0, end), ""].join("\n"), body: body || null };
}

/** Reads a Markdown file; null where it has no front matter. Throws ConfigError with the place. */
export function readMarkdown(bytes: Uint8Array, file: string): MarkdownFile | null {
  const parts = splitMarkdown(bytes, file, /^---[ \t]*$/);
  return parts && { front: asMap(readYamlText(parts.yaml, file)), body: parts.body };
}

/** Throws ConfigError for front matter that holds no fields. */
export function asMap(document: YamlDocument): YamlDocument {
  if (isRecord(document.value)) return document;
  throw new ConfigError(`${document.file}:2:1: the front matter has to be a map of fields`);
}
