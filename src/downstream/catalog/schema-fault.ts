/** Finds faults in a tool's schema by walking it; compiling hundreds of schemas would take a second. */
import { isRecord } from "../../lib/is-record.js";
import { pointerTarget, unfoldedSize } from "../../lib/json/unfold-schema.js";

type Fields = Readonly<Record<string, unknown>>;

const MOST_LEVELS = 100; // validators recurse, and models fail long before
const TOO_DEEP = `is nested more than ${MOST_LEVELS} levels deep`;
const MOST_UNFOLDED = 1_000_000; // values with every reference replaced by its target; no check under more ever ends
const MOST_HOPS = 32; // from a reference to the schema behind it; each is resolved for itself
const LONGEST_SHOWN = 100; // characters of a quoted value
const TYPES = new Set(["array", "boolean", "integer", "null", "number", "object", "string"]);
/** The keywords that hold schemas, and in which form. */
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
const ANNOTATIONS = new Set(["$ref", "title", "description", "$comment"]);

/**
 * A clause such as `properties.a refers to "#/$defs/b", which is not there`, or null. Accepts nulls in place of missing
 * values and the dialect of early drafts, because good servers use them.
 */
export function schemaFault(schema: Fields): string | null {
  const references: References = { root: schema, resolved: new Map() };
  const found = faultIn(schema, 0, references);
  if (found === null) return references.resolved.size === 0 ? null : unfoldingFault(schema);
  const at = found.fault === TOO_DEEP ? "" : found.at.join(".").slice(0, LONGEST_SHOWN);
  return `${at === "" ? "it" : at} ${found.fault}`;
}

/** The references of one schema, as far as they have been resolved. */
interface References {
  readonly root: Fields;
  readonly resolved: Map<string, Resolved>;
}

interface Resolved {
  readonly isThere: boolean;
  /** The next reference, where the target is nothing but a reference. */
  readonly leadsTo: unknown;
}

/** Schemas that refer to themselves, or elsewhere, have no size: whether they can be used shows at a call. */
function unfoldingFault(schema: Fields): string | null {
  const { values } = unfoldedSize(schema);
  const isTooLarge = Number.isFinite(values) && values > MOST_UNFOLDED;
  return isTooLarge ? `its references unfold to more than ${MOST_UNFOLDED} values` : null;
}

interface Fault {
  readonly at: readonly string[];
  readonly fault: string;
}

/** Checks only the keywords that are there, and builds the path only for a fault, because catalogs are large. */
function faultIn(schema: unknown, depth: number, references: References): Fault | null {
  if (typeof schema === "boolean" || schema === null) return null;
  if (!isRecord(schema)) return { at: [], fault: "is no schema" };
  if (depth > MOST_LEVELS) return { at: [], fault: TOO_DEEP };
  for (const key of Object.keys(schema)) {
    const own = ownFault(key, schema[key], references);
    if (own !== null) return { at: [], fault: own };
  }
  for (const key of Object.keys(schema)) {
    const found = faultBelow(key, schema[key], depth + 1, references);
    if (found !== null) return { ...found, at: [key, ...found.at] };
  }
  return null;
}

function ownFault(key: string, value: unknown, references: References): string | null {
  if (key === "type") return typeof value === "string" && TYPES.has(value) ? null : typeFault(value);
  if (key === "required") return requiredFault(value);
  if (key === "$ref") return referenceFault(value, references);
  if (HOLDERS.get(key) !== "map" || value === null || value === undefined || isRecord(value)) return null;
  return `has ${key} that are no object`;
}

function faultBelow(key: string, value: unknown, depth: number, references: References): Fault | null {
  const holder = HOLDERS.get(key);
  if (holder === undefined || value === undefined || value === null) return null;
  if (Array.isArray(value))
    return holder === "list" || holder === "either" ? faultAmong(value, depth, references) : null;
  if (holder === "map") return faultAmong(value, depth, references);
  return holder === "list" ? null : faultIn(value, depth, references);
}

function faultAmong(schemas: object, depth: number, references: References): Fault | null {
  for (const [name, inner] of Object.entries(schemas)) {
    const found = faultIn(inner, depth, references);
    if (found !== null) return { ...found, at: [name, ...found.at] };
  }
  return null;
}

function typeFault(type: unknown): string | null {
  const types = Array.isArray(type) ? type : [type];
  const odd = types.filter((name) => typeof name === "string").find((name) => !TYPES.has(name));
  return odd === undefined ? null : `is of type ${JSON.stringify(odd.slice(0, LONGEST_SHOWN))}, which does not exist`;
}

function requiredFault(required: unknown): string | null {
  const isFine = Array.isArray(required) || typeof (required ?? false) === "boolean"; // in early drafts, a boolean about the schema itself
  return isFine ? null : 'has a "required" that is no list of names';
}

/** Resolves only references within the schema; only a validator knows the names that `$id` defines. */
function referenceFault(reference: unknown, references: References): string | null {
  const shown = JSON.stringify(typeof reference === "string" ? reference.slice(0, LONGEST_SHOWN) : reference);
  const seen = new Set<string>();
  for (let next = reference; typeof next === "string" && /^#\//.test(next); ) {
    if (seen.has(next)) return `refers to ${shown}, which leads back to itself`;
    if (seen.size === MOST_HOPS) return `refers to ${shown}, which leads on more than ${MOST_HOPS} times`;
    seen.add(next);
    const { isThere, leadsTo } = resolve(next, references);
    if (!isThere) return `refers to ${shown}, which is not there`;
    next = leadsTo;
  }
  return typeof reference === "string" &&
    /^https?:/.test(reference) &&
    references.root.$id === undefined &&
    !isMetaSchema(reference)
    ? `refers to ${shown}, which is not fetched`
    : null;
}

/** Once for each reference: it may be long, its target large, and both met often. */
function resolve(reference: string, { root, resolved }: References): Resolved {
  const known = resolved.get(reference);
  if (known) return known;
  const target = pointerTarget(reference, root);
  const leadsTo = isRecord(target) && isMereReference(target) ? target.$ref : undefined;
  const found = { isThere: target !== undefined, leadsTo };
  resolved.set(reference, found);
  return found;
}

function isMereReference(schema: Fields): boolean {
  return typeof schema.$ref === "string" && Object.keys(schema).every((key) => ANNOTATIONS.has(key));
}

function isMetaSchema(reference: string): boolean {
  return /^https?:\/\/json-schema\.org\//.test(reference);
}
