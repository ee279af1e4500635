/** YAML text to a checked value; every complaint names file, line and column. */
import { EVENT_ID, type Event, getScalarValue, load, parseEvents, YAMLException } from "js-yaml";
import type { z } from "zod";
import { ConfigError } from "../core/errors.js";
import { explainIssue } from "../core/issue-text.js";
import { didYouMean } from "../core/nearest.js";

const MAX_BYTES = 1_000_000; // a larger file is no configuration, and parsing it would hold up the process
const MAX_DEPTH = 50;
const MAX_ALIASES = 20; // bounds what an alias bomb can unfold to: at most a few thousand nodes

/** Reads one YAML document against a schema. Throws ConfigError with the place and, for an unknown key, the nearest legal one. */
export function parseYaml<T>(bytes: Uint8Array, file: string, schema: z.ZodType<T>): T {
  const text = decode(bytes, file);
  const value = loadDocument(text, file);
  const bad = pathToPrototype(value);
  if (bad) throw new ConfigError(`${placeOf(text, file, bad)}: unknown key "__proto__"`);
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  // A misspelt key is often also a missing one: its name says more.
  const { issues } = result.error;
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
  if (!issue) throw new ConfigError(`${file}: not what is expected here`);
  const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : issue.path;
  throw new ConfigError(`${placeOf(text, file, path)}: ${explain(issue, schema)}`);
}

function decode(bytes: Uint8Array, file: string): string {
  if (bytes.byteLength > MAX_BYTES) throw new ConfigError(`${file}: larger than ${MAX_BYTES} bytes`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConfigError(`${file}: not UTF-8 text`, { cause });
  }
}

function loadDocument(text: string, file: string): unknown {
  if (text.split("\n").every((line) => /^\s*(#.*|---\s*)?$/.test(line))) return {};
  try {
    return load(text, { maxDepth: MAX_DEPTH, maxAliases: MAX_ALIASES }) ?? {};
  } catch (cause) {
    const mark = cause instanceof YAMLException ? cause.mark : undefined;
    const place = mark ? `${file}:${mark.line + 1}:${mark.column + 1}` : file;
    const reason = cause instanceof YAMLException ? withoutQuotes(cause.reason) : "it cannot be read";
    // Without its cause, which quotes lines of the file, in which secrets may stand.
    throw new ConfigError(`${place}: not valid YAML: ${reason}`);
  }
}

/** The names of aliases and tags that are none may be a password that begins with `*` or `!`. */
function withoutQuotes(reason: string): string {
  return reason.replace(/ "[^"]*"| !<[^>]*>|(?<=characters): .*$/g, "");
}

/** Schemas pass over such a key in silence. What aliases share is visited once, so that a bomb stays small. */
function pathToPrototype(
  value: unknown,
  path: readonly string[] = [],
  seen = new Set<object>(),
): readonly string[] | null {
  if (typeof value !== "object" || value === null || seen.has(value)) return null;
  seen.add(value);
  if (Object.hasOwn(value, "__proto__")) return [...path, "__proto__"];
  for (const [key, item] of Object.entries(value)) {
    const found = pathToPrototype(item, [...path, key], seen);
    if (found) return found;
  }
  return null;
}

function explain(issue: z.core.$ZodIssue, schema: z.ZodType): string {
  const where = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    return `unknown key "${key}"${where ? ` in ${where}` : ""}${didYouMean(key, keysAt(schema, issue.path))}`;
  }
  const message = issue.code === "invalid_key" ? issue.issues[0]?.message : undefined;
  return explainIssue(where || "the file", message === undefined ? issue : { message });
}

/** The keys that a schema allows at a path. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let here: unknown = schema;
  for (const key of path) here = childOf(unwrap(here), key);
  return Object.keys(shapeOf(unwrap(here)) ?? {});
}

interface SchemaDefinition {
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly valueType?: unknown;
  readonly element?: unknown;
  readonly innerType?: unknown;
}

function definitionOf(schema: unknown): SchemaDefinition {
  return (schema as { def?: SchemaDefinition } | undefined)?.def ?? {};
}

function unwrap(schema: unknown): unknown {
  const { innerType } = definitionOf(schema);
  return innerType === undefined ? schema : unwrap(innerType);
}

function shapeOf(schema: unknown) {
  return definitionOf(schema).shape;
}

function childOf(schema: unknown, key: PropertyKey): unknown {
  const definition = definitionOf(schema);
  return definition.shape?.[String(key)] ?? definition.valueType ?? definition.element;
}

/** `file:line:column` of the key or item at a path; of its nearest parent where the path is not in the text. */
export function placeOf(text: string, file: string, path: readonly PropertyKey[]): string {
  const events = parseEvents(text, { maxDepth: MAX_DEPTH });
  const offset = offsetOf(text, events, path);
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return `${file}:${line}:${offset - before.lastIndexOf("\n")}`;
}

function offsetOf(text: string, events: readonly Event[], path: readonly PropertyKey[]): number {
  let at = 1; // the event after the document's start is its root
  let offset = 0;
  for (const key of path) {
    const found = findChild(text, events, at, key);
    if (found === null) return offset;
    ({ at, offset } = found);
  }
  return offset;
}

/** The event index of a child's value and the text offset of its key (or of the item itself). */
function findChild(text: string, events: readonly Event[], parent: number, key: PropertyKey) {
  const container = events[parent];
  const isMapping = container?.type === EVENT_ID.MAPPING;
  if (!isMapping && container?.type !== EVENT_ID.SEQUENCE) return null;
  let at = parent + 1;
  for (let index = 0; events[at] && events[at]?.type !== EVENT_ID.POP; index++) {
    const first = events[at];
    const valueAt = isMapping ? afterNode(events, at) : at;
    const name = isMapping && first?.type === EVENT_ID.SCALAR ? getScalarValue(text, first) : index;
    if (name === key || String(name) === String(key)) return { at: valueAt, offset: startOf(first) };
    at = afterNode(events, valueAt);
  }
  return null;
}

function afterNode(events: readonly Event[], at: number): number {
  let depth = 0;
  for (let index = at; index < events.length; index++) {
    const type = events[index]?.type;
    if (type === EVENT_ID.MAPPING || type === EVENT_ID.SEQUENCE) depth += 1;
    if (type === EVENT_ID.POP) depth -= 1;
    if (depth <= 0) return index + 1;
  }
  return events.length;
}

function startOf(event: Event | undefined): number {
  if (event?.type === EVENT_ID.SCALAR) return event.valueStart;
  if (event?.type === EVENT_ID.MAPPING || event?.type === EVENT_ID.SEQUENCE) return event.start;
  return event?.type === EVENT_ID.ALIAS ? event.anchorStart : 0;
}
