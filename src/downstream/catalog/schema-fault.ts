/** Whether a tool's schema can be used at all: seen by a walk, since compiling hundreds of them would take a second. */
import { isRecord } from "../transport/wire.js";

type Fields = Readonly<Record<string, unknown>>;

const MOST_LEVELS = 100; // validators recurse, and models get lost long before
const TOO_DEEP = `is nested more than ${MOST_LEVELS} levels deep`;
const LONGEST_SHOWN = 100; // characters of what is quoted
const TYPES = new Set(["array", "boolean", "integer", "null", "number", "object", "string"]);
/** What the keywords hold that hold schemas. */
const HOLDERS: ReadonlyMap<string, "map" | "schema" | "list" | "either"> = new Map([
  ...["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"].map(
    (key) => [key, "map"] as const,
  ),
  ...["additionalProperties", "contains", "propertyNames", "not", "if", "then", "else"].map(
    (key) => [key, "schema"] as const,
  ),
  ...["allOf", "anyOf", "oneOf", "prefixItems"].map((key) => [key, "list"] as const),
  ["items", "either"],
]);
const WORDS_ONLY = new Set(["$ref", "title", "description", "$comment"]);

/**
 * Such as `properties.a refers to "#/$defs/b", which is not there`; null for a schema that somebody may understand:
 * nulls for what is missing and the dialect of early drafts are met in good servers.
 */
export function schemaFault(schema: Fields): string | null {
  const found = faultIn(schema, 0, schema);
  if (found === null) return null;
  const at = found.what === TOO_DEEP ? "" : found.at.join(".").slice(0, LONGEST_SHOWN);
  return `${at === "" ? "it" : at} ${found.what}`;
}

interface Fault {
  readonly at: readonly string[];
  readonly what: string;
}

/** Looks only at the keywords that are there, and names the place only where something is found: catalogs are large. */
function faultIn(schema: unknown, depth: number, root: Fields): Fault | null {
  if (typeof schema === "boolean" || schema === null) return null;
  if (!isRecord(schema)) return { at: [], what: "is no schema" };
  if (depth > MOST_LEVELS) return { at: [], what: TOO_DEEP };
  for (const key of Object.keys(schema)) {
    const own = ownFault(key, schema[key], root);
    if (own !== null) return { at: [], what: own };
  }
  for (const key of Object.keys(schema)) {
    const found = faultBelow(key, schema[key], depth + 1, root);
    if (found !== null) return { ...found, at: [key, ...found.at] };
  }
  return null;
}

function ownFault(key: string, value: unknown, root: Fields): string | null {
  if (key === "type") return typeof value === "string" && TYPES.has(value) ? null : typeFault(value);
  if (key === "required") return requiredFault(value);
  if (key === "$ref") return referenceFault(value, root);
  if (HOLDERS.get(key) !== "map" || value === null || value === undefined || isRecord(value)) return null;
  return `has ${key} that are no object`;
}

function faultBelow(key: string, value: unknown, depth: number, root: Fields): Fault | null {
  const holder = HOLDERS.get(key);
  if (holder === undefined || value === undefined || value === null) return null;
  if (Array.isArray(value)) return holder === "list" || holder === "either" ? faultAmong(value, depth, root) : null;
  if (holder === "map") return faultAmong(value, depth, root);
  return holder === "list" ? null : faultIn(value, depth, root);
}

function faultAmong(schemas: object, depth: number, root: Fields): Fault | null {
  for (const [name, inner] of Object.entries(schemas)) {
    const found = faultIn(inner, depth, root);
    if (found !== null) return { ...found, at: [name, ...found.at] };
  }
  return null;
}

function typeFault(type: unknown): string | null {
  const types = Array.isArray(type) ? type : [type];
  const odd = types.filter((name) => typeof name === "string").find((name) => !TYPES.has(name));
  return odd === undefined ? null : `is of type ${JSON.stringify(odd.slice(0, LONGEST_SHOWN))}, which there is not`;
}

function requiredFault(required: unknown): string | null {
  const isFine = Array.isArray(required) || typeof (required ?? false) === "boolean"; // one's own, in early drafts
  return isFine ? null : 'has a "required" that is no list of names';
}

/** Only what lies in the schema itself is looked up; names that `$id` may give are the validator's to know. */
function referenceFault(given: unknown, root: Fields): string | null {
  const shown = JSON.stringify(typeof given === "string" ? given.slice(0, LONGEST_SHOWN) : given);
  const seen = new Set<unknown>();
  for (let reference = given; typeof reference === "string" && /^#\//.test(reference); ) {
    const target = targetOf(reference, root);
    if (target === undefined) return `refers to ${shown}, which is not there`;
    if (seen.has(target)) return `refers to ${shown}, which leads back to itself`;
    seen.add(target);
    reference = isRecord(target) && Object.keys(target).every((key) => WORDS_ONLY.has(key)) ? target.$ref : undefined;
  }
  return typeof given === "string" && /^https?:/.test(given) && root.$id === undefined && !isMetaSchema(given)
    ? `refers to ${shown}, which is not fetched`
    : null;
}

function isMetaSchema(reference: string): boolean {
  return /^https?:\/\/json-schema\.org\//.test(reference);
}

function targetOf(pointer: string, root: Fields): unknown {
  let value: unknown = root;
  for (const part of pointer.split("/").slice(1)) {
    const key = unescaped(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Fields)[key];
  }
  return value;
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a "%" that stands for itself
  }
}
