/**
 * Converts a tool's JSON Schema to the keywords of Gemini's `parametersJsonSchema`.
 * It omits all other keywords, because the runner checks arguments against the whole schema itself.
 */
import { isRecord } from "../../lib/is-record.js";
import { jsonSize } from "../../lib/json/json-size.js";
import { pointerTarget } from "../../lib/json/unfold-schema.js";

type Schema = Readonly<Record<string, unknown>>;

/** The state of one conversion: the definitions of cyclic references, and what it may still cost. */
interface Lowering {
  readonly root: Schema;
  readonly definitions: Map<string, { readonly name: string; schema: Schema }>;
  readonly targets: Map<string, unknown>;
  /** Goes down by each character that is copied, and by what each schema and each name costs. */
  left: number;
}

/** A position in the schema; `refs` are the references being expanded, `optional` says whether a cycle may stand here. */
interface Position {
  readonly refs: readonly string[];
  readonly depth: number;
  readonly optional: boolean;
}

/** References that double at each level would fill the memory; a long list or text behind one would be copied for each. */
const MOST_COST = 200_000; // twice the largest definition that a tool may have
const COST_OF_NODE = 100;
const COST_OF_NAME = 10; // of each property, at each visit
const MAX_DEPTH = 32; // far beyond any usable tool, far below the limit of the stack
const KEYWORDS = [
  ...["type", "format", "title", "description", "minItems", "maxItems", "minimum", "maximum", "propertyOrdering"], // kept
  ...["required", "enum", "const", "items", "prefixItems", "anyOf", "oneOf", "properties", "additionalProperties"],
];

/** The schema in the form that Gemini accepts, always of type object. Does not change its input. */
export function lowerSchema(schema: object): object {
  const root = { ...schema };
  const lowering: Lowering = { root, definitions: new Map(), targets: new Map(), left: MOST_COST };
  const lowered = lower(root, { refs: ["#"], depth: 0, optional: false }, lowering);
  const hasBranches = "anyOf" in lowered || "oneOf" in lowered;
  const definitions = [...lowering.definitions.values()].map(({ name, schema }) => [name, schema] as const);
  return {
    ...(hasBranches ? {} : { properties: {} }),
    ...lowered,
    type: "object",
    ...(definitions.length > 0 && { $defs: Object.fromEntries(definitions) }),
  };
}

/** Converts a subschema that is complete in itself. */
function lower(schema: unknown, position: Position, lowering: Lowering): Schema {
  const { required, ...rest } = convert(schema, position, lowering);
  // Gemini refuses a required name that has no property beside it.
  const known = strings(required).filter((name) => isRecord(rest.properties) && Object.hasOwn(rest.properties, name));
  return known.length > 0 ? { ...rest, required: known } : rest;
}

function convert(schema: unknown, position: Position, lowering: Lowering): Schema {
  if (!isRecord(schema) || position.depth > MAX_DEPTH || lowering.left <= 0) return {};
  lowering.left -= COST_OF_NODE;
  const { $ref, allOf } = schema;
  if (typeof $ref === "string" && position.refs.includes($ref)) return cycle($ref, position, lowering);

  let whole: Schema = {};
  if (typeof $ref === "string") {
    const inside = { ...position, refs: [...position.refs, $ref], depth: position.depth + 1 };
    whole = convert(targetOf($ref, lowering), inside, lowering);
  }
  for (const member of list(allOf)) {
    if (lowering.left <= 0) break;
    whole = combine(whole, convert(member, { ...position, depth: position.depth + 1 }, lowering), lowering);
  }
  return combine(whole, convertKeywords(schema, position, lowering), lowering);
}

/** Converts a reference to a schema that is being expanded: keeps it where Gemini allows it, else gives only an outline. */
function cycle(ref: string, position: Position, lowering: Lowering): Schema {
  if (!position.optional) return outline(targetOf(ref, lowering), lowering);
  const known = lowering.definitions.get(ref);
  if (known) return { $ref: `#/$defs/${known.name}` };
  const definition = { name: `cycle_${lowering.definitions.size + 1}`, schema: {} };
  lowering.definitions.set(ref, definition);
  definition.schema = lower(targetOf(ref, lowering), { refs: [ref], depth: 0, optional: false }, lowering);
  return { $ref: `#/$defs/${definition.name}` };
}

/** Resolves each reference once: it may be long, and met often. */
function targetOf(ref: string, { targets, root }: Lowering): unknown {
  if (!targets.has(ref)) targets.set(ref, pointerTarget(ref, root));
  return targets.get(ref);
}

function outline(schema: unknown, lowering: Lowering): Schema {
  if (!isRecord(schema)) return {};
  return Object.fromEntries(
    ["type", "title", "description"].flatMap((key) =>
      key in schema && isAffordable(schema[key], lowering) ? [[key, schema[key]]] : [],
    ),
  );
}

/** Whether a value may be copied as it is; pays for it. */
function isAffordable(value: unknown, lowering: Lowering): boolean {
  if (lowering.left <= 0) return false;
  const { values, characters } = jsonSize(value);
  lowering.left -= values + characters;
  return lowering.left > 0;
}

function convertKeywords(schema: Schema, position: Position, lowering: Lowering): Schema {
  const deeper = { ...position, depth: position.depth + 1 };
  const result: Record<string, unknown> = {};
  for (const keyword of KEYWORDS) {
    if (!Object.hasOwn(schema, keyword)) continue; // a schema may have thousands of other names
    const value = schema[keyword];
    switch (keyword) {
      case "enum":
        if (isAffordable(value, lowering) && isPlainEnum(value)) result.enum = value;
        break;
      case "const":
        if (isAffordable(value, lowering) && isPlainEnum([value])) result.enum = [value];
        break;
      case "items":
        if (isRecord(value)) result.items = lower(value, deeper, lowering);
        if (Array.isArray(value)) result.prefixItems = value.map((item) => lower(item, deeper, lowering));
        break;
      case "prefixItems":
        result.prefixItems = list(value).map((item) => lower(item, deeper, lowering));
        break;
      case "anyOf":
      case "oneOf": {
        const branches = list(value).map((branch) => lower(branch, deeper, lowering));
        // Branches that differ only in keywords that Gemini lacks would all be empty.
        if (branches.some((branch) => Object.keys(branch).length > 0)) result[keyword] = branches;
        break;
      }
      case "properties":
        if (isRecord(value)) result.properties = convertProperties(value, schema.required, deeper, lowering);
        break;
      case "additionalProperties":
        if (typeof value === "boolean") result.additionalProperties = value;
        if (isRecord(value)) result.additionalProperties = lower(value, { ...deeper, optional: true }, lowering);
        break;
      default:
        if (isAffordable(value, lowering)) result[keyword] = value;
    }
  }
  return result;
}

function convertProperties(properties: Schema, required: unknown, position: Position, lowering: Lowering): Schema {
  if (lowering.left <= 0) return {};
  const names = Object.keys(properties).filter((name) => properties[name] !== false);
  const needed = new Set(strings(required));
  lowering.left -= COST_OF_NAME * Object.keys(properties).length + needed.size;
  return Object.fromEntries(
    names.map((name) => {
      lowering.left -= name.length;
      const optional = position.optional || !needed.has(name);
      return [name, lower(properties[name], { ...position, optional }, lowering)];
    }),
  );
}

/** Merges two schemas. The second one wins; a kept reference, which has to stand alone, gives way to any other keyword. */
function combine(first: Schema, second: Schema, lowering: Lowering): Schema {
  if (Object.keys(first).length === 0) return second;
  if (Object.keys(second).length === 0) return first;
  const { $ref: _first, ...one } = first;
  const { $ref: _second, ...two } = second;
  const properties = { ...asSchema(one.properties), ...asSchema(two.properties) };
  const required = [...new Set([...strings(one.required), ...strings(two.required)])];
  lowering.left -= COST_OF_NAME * Object.keys(properties).length + required.length;
  return {
    ...one,
    ...two,
    ...(("properties" in one || "properties" in two) && { properties }),
    ...(required.length > 0 && { required }),
  };
}

/** Whether an enum is one that Gemini accepts: it holds only strings and numbers. */
function isPlainEnum(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string" || typeof item === "number");
}

function asSchema(value: unknown): Schema {
  return isRecord(value) ? value : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function strings(value: unknown): readonly string[] {
  return list(value).filter((item) => typeof item === "string");
}
