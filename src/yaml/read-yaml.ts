/** Reads one YAML document: its value, and the place of each part in the file. */
import { EVENT_ID, type Event, getScalarValue, load, parseEvents, YAMLException } from "js-yaml";
import { ConfigError } from "../core/errors.js";

const MAX_BYTES = 1_000_000; // parsing a larger file would block the process
const MAX_DEPTH = 50;
const MAX_ALIASES = 20; // bounds an alias bomb to a few thousand nodes

export type YamlPath = readonly PropertyKey[];

export interface YamlDocument {
  readonly file: string;
  readonly value: unknown;
  /** `file:line:column` of the key or item at a path, or of its nearest parent in the text. */
  place(path: YamlPath): string;
  /** The single value at a path as it is written: "1.10" for a number that is 1.1; null for anything else. */
  written(path: YamlPath): string | null;
}

/** Reads one YAML document. Throws ConfigError with the place; an empty file is an empty map. */
export function readYaml(bytes: Uint8Array, file: string): YamlDocument {
  return readYamlText(decode(bytes, file), file);
}

/** Reads a decoded text. Throws ConfigError with the place; an empty text is an empty map. */
export function readYamlText(text: string, file: string): YamlDocument {
  const value = loadDocument(text, file);
  let events: readonly Event[] | undefined;
  const place = (path: YamlPath) => {
    events ??= parseEvents(text, { maxDepth: MAX_DEPTH }); // a file may have many faults
    return placeOf(text, events, file, path);
  };
  const bad = pathToPrototype(value);
  if (bad) throw new ConfigError(`${place(bad)}: unknown key "__proto__"`);
  return { file, value, place, written: (path) => writtenAt(text, path) };
}

/** The text of a file. Throws ConfigError for a file that is too large or not UTF-8. */
export function decode(bytes: Uint8Array, file: string): string {
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
    // Without the cause, which quotes lines of the file: they may hold secrets.
    throw new ConfigError(`${place}: not valid YAML: ${reason}`);
  }
}

/** Removes quoted names of aliases and tags: such a name may be a password that begins with `*` or `!`. */
function withoutQuotes(reason: string): string {
  return reason.replace(/ "[^"]*"| !<[^>]*>|(?<=characters): .*$/g, "");
}

/** The path to a key `__proto__`, which schemas ignore silently. Visits shared nodes once, so that an alias bomb stays small. */
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

function writtenAt(text: string, path: YamlPath): string | null {
  const events = parseEvents(text, { maxDepth: MAX_DEPTH });
  let at = 1;
  for (const key of path) {
    const found = findChild(text, events, at, key);
    if (found === null) return null;
    ({ at } = found);
  }
  const event = events[at];
  return event?.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : null;
}

function placeOf(text: string, events: readonly Event[], file: string, path: YamlPath): string {
  const offset = offsetOf(text, events, path);
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return `${file}:${line}:${offset - before.lastIndexOf("\n")}`;
}

function offsetOf(text: string, events: readonly Event[], path: YamlPath): number {
  let at = 1; // index 0 is the start of the document, index 1 its root
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
