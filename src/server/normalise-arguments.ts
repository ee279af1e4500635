/** Arguments as hosts and models send them, made into what the schema of the tool asks for, where only one meaning is possible. */
import { isRecord } from "../lib/is-record.js";
import { jsonIn } from "../lib/json/json-in.js";

type Fields = Readonly<Record<string, unknown>>;

/** The JSON Schema of an argument, as far as it is read here. */
interface ArgumentSchema {
  readonly type?: unknown;
  readonly enum?: unknown;
}

const NAMES = new Set(["agent", "workflow", "provider", "model"]);
/** Lists of names, which hosts also write with commas between them. */
const LISTS_OF_NAMES = new Set(["run_ids", "tools", "blocked_tools", "status"]);
/** A text in its schema, and a list where there are several. */
const NAMES_OR_LISTS = new Set(["model"]);

/**
 * `null` and, for an optional text, `""` are no argument at all, nor are blanks for a name; a text that stands for a number, a yes or no, a list or an object
 * becomes that. Everything else stays as it is, for the check of the arguments to judge.
 */
export function normaliseArguments(args: Fields, schema: Fields): Fields {
  const properties: Fields = isRecord(schema.properties) ? schema.properties : {};
  const required: readonly unknown[] = Array.isArray(schema.required) ? schema.required : [];
  const entries = Object.entries(args).flatMap(([name, value]): readonly (readonly [string, unknown])[] => {
    const wanted = properties[name];
    if (!isRecord(wanted)) return [[name, value]];
    if (!required.includes(name) && isNothing(name, value, wanted)) return [];
    return [[name, typeof value === "string" ? fromText(name, value, wanted) : value]];
  });
  return Object.fromEntries(entries);
}

/** For an argument that may have any value, null and "" are values; a blank message is refused, and never left out. */
function isNothing(name: string, value: unknown, { type }: ArgumentSchema): boolean {
  if (type === undefined) return false;
  return value === null || value === "" || (NAMES.has(name) && typeof value === "string" && value.trim() === "");
}

function fromText(name: string, text: string, { type, enum: values }: ArgumentSchema): unknown {
  switch (type) {
    case "array":
      return toList(name, text);
    case "object": {
      const value = jsonIn(text);
      return isRecord(value) ? value : text;
    }
    case "integer":
    case "number":
      return /^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text;
    case "boolean":
      return (
        new Map([
          ["true", true],
          ["false", false],
        ]).get(text.trim().toLowerCase()) ?? text
      );
    default:
      if (NAMES_OR_LISTS.has(name) && text.trimStart().startsWith("[")) return jsonIn(text) ?? text;
      return Array.isArray(values) && values.includes(text.trim()) ? text.trim() : text;
  }
}

function toList(name: string, text: string): readonly unknown[] {
  const value = jsonIn(text);
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return [value];
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const areNames = LISTS_OF_NAMES.has(name) && parts.every((part) => /^[^\s()[\]{}"]+$/.test(part));
  return areNames ? parts : [text];
}
