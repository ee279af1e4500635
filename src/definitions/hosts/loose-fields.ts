/** Reads front matter that is not valid YAML field by field, so that a fault costs the form of its own field only. */
import { ConfigError } from "../../core/errors.js";
import { isRecord } from "../../lib/is-record.js";
import { readYamlText, type YamlDocument } from "../../yaml/read-yaml.js";
import { BLOCKS } from "./tool-names.js";

/** A field as it stands in the file. */
interface Field {
  /** Empty for what stands above the first field. */
  readonly key: string;
  /** The text behind the colon. */
  readonly text: string;
  /** The lines below, up to the next field. */
  readonly below: readonly string[];
  readonly line: number;
}

/** Fields that grant or block tools: their lists are read line by line, and none may be lost. */
const LISTS = /^(?:tools|disallowed[-_ ]?tools?)$/i;
/** Such a list behind the signs of an item, a map or a key of YAML, and a block anywhere in a line. */
const HIDDEN_LISTS = [
  /^[^\p{L}\p{N}_#]*(?:tools|disallowed[-_ ]?tools?)["']?\s*:/iu,
  /^\s*\?\s*["']?(?:tools|disallowed[-_ ]?tools?)["']?\s*$/i,
  /^(?!\s*#).*\bdisallowed[-_ ]?tools?["']?\s*[:=]/i,
];
const FIELD = /^(["']?)([A-Za-z_][\w.-]*)\1[ \t]*:(?:[ \t]+(.*))?$/;
const UNSPACED_LIST = /^()(tools|disallowed[-_ ]?tools?):(.*)$/i;

export interface LooseFields {
  readonly front: YamlDocument;
  /** The fields that stand more than once. */
  readonly repeated: readonly string[];
}

/**
 * Reads a field at each line that begins with `key:`. Of a repeated field the last counts, but blocks add up.
 * Throws ConfigError where a list of tools would be lost.
 */
export function readLooseFields(yaml: string, file: string): LooseFields {
  const fields = fieldsIn(yaml);
  const values = new Map<string, unknown>();
  for (const field of fields) {
    const value = fieldValue(field, file);
    const before = values.get(field.key);
    values.set(field.key, before !== undefined && BLOCKS.test(field.key) ? [before, value].flat() : value);
  }
  values.delete("");
  const keys = fields.map(({ key }) => key);
  const lineOf = (key: unknown) => fields.findLast((field) => field.key === String(key ?? ""))?.line ?? 1;
  return {
    front: {
      file,
      value: Object.fromEntries(values),
      place: ([key]) => `${file}:${lineOf(key)}:1`,
      written: () => null,
    },
    repeated: [...new Set(keys.filter((key, index) => keys.indexOf(key) !== index))],
  };
}

function fieldsIn(yaml: string): readonly Field[] {
  const first = { key: "", text: "", below: [] as string[], line: 1 };
  const fields = [first];
  for (const [index, line] of withoutMargin(yaml.split("\n")).entries()) {
    const [, , key, text = ""] = FIELD.exec(line) ?? UNSPACED_LIST.exec(line) ?? [];
    if (key === undefined) fields.at(-1)?.below.push(line);
    else fields.push({ key, text: text.trim(), below: [], line: index + 1 });
  }
  return fields;
}

/** The lines without the blanks that all of them begin with. */
function withoutMargin(lines: readonly string[]): readonly string[] {
  const margins = lines.filter((line) => line.trim() !== "").map((line) => line.search(/[^ ]/));
  return lines.map((line) => line.slice(Math.min(...margins, line.length)));
}

/** The value of the field alone in YAML, else its text. */
function fieldValue(field: Field, file: string): unknown {
  const { key, text, below, line } = field;
  const alone = key === "" ? undefined : yamlOf(field, file);
  if (alone !== undefined) return alone;
  const lines = [key === "description" ? "" : text, ...below]; // a description may speak of such lists
  const hidden = lines.findIndex((one) => HIDDEN_LISTS.some((list) => list.test(one)));
  if (hidden >= 0)
    throw new ConfigError(
      `${file}:${line + hidden}:1: this list of tools is not where a field can stand: begin its line with the name of the field, without blanks or signs before it`,
    );
  return LISTS.test(key) ? listOf(field) : textOf([text, ...below]);
}

function yamlOf({ text, below }: Field, file: string): unknown {
  try {
    const { value } = readYamlText([`field: ${text}`, ...below].join("\n"), file);
    return isRecord(value) && Object.keys(value).length === 1 ? value.field : undefined;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** The items, one a line or in one text. A line that only seems to belong to a list may block tools, but grants none. */
function listOf({ key, text, below }: Field): readonly string[] {
  const isItem = (line: string) => /^\s|^-|^[*+•]\s/.test(line) || /,\s*$/.test(text) || BLOCKS.test(key);
  const shown = (lines: readonly string[]) => lines.map((line) => withoutComment(line).trim()).filter((line) => line);
  const isAlone = shown([text, ...below]).length === 1; // beside other lines a star is the sign of a list
  return shown([text, ...below.filter(isItem)])
    .filter((line) => line !== "*" || isAlone || BLOCKS.test(key))
    .map((line) => line.replace(/^-(?!-)\s*/, ""));
}

function withoutComment(line: string): string {
  return line.replace(/(?:^|\s)#.*$/, "");
}

/** A text without the signs of a block of text and without quotes around the whole. */
function textOf([first = "", ...below]: readonly string[]): string {
  const isBlock = /^[|>][+-]?\d?$/.test(first);
  const text = [isBlock ? "" : first, ...below.map((line) => line.trim())].join("\n").trim();
  const [, , inner] = /^(["'])(.*)\1$/s.exec(text) ?? [];
  return inner ?? text;
}
