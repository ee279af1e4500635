/**
 * Converts a tool's JSON Schema to the keywords of Gemini's `parametersJsonSchema`.
 * It omits all other keywords, because the runner checks arguments against the whole schema itself.
 */
import { isRecord } from "../../lib/is-record.js";
import { pointerTarget } from "../../lib/json-pointer.js";

type Schema = Readonly<Record<string, unknown>>;

/** The state of one conversion: the definitions of cyclic references, and the remaining number of nodes. */
interface Lowering {
  readonly root: Schema;
  readonly definitions: Map<string, { readonly name: string; schema: Schema }>;
  nodesLeft: number;
}

/** A position in the schema; `refs` are the references being expanded, `optional` says whether a cycle may stand here. */
interface Position {
  readonly refs: readonly string[];
  readonly depth: number;
  readonly optional: boolean;
}

const MAX_NODES = 2_000; // expanded references can double at each level: without a limit, a few lines could fill the memory
const MAX_DEPTH = 32; // far beyond any usable tool, far below the limit of the stack
const KEPT_AS_IS = new Set([
  "type",
  "format",
  "title",
  "description",
  "minItems",
  "maxItems",
  "minimum",
  "maximum",
  "propertyOrdering",
  "required",
]);

/** The schema in the form that Gemini accepts, always of type object. Does not change its input. */
export function lowerSchema(schema: object): object {
  const root = { ...schema };
  const lowering: Lowering = { root, definitions: new Map(), nodesLeft: MAX_NODES };
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
  if (!isRecord(schema) || position.depth > MAX_DEPTH || lowering.nodesLeft <= 0) return {};
  lowering.nodesLeft -= 1;
  const { $ref, allOf, ...own } = schema;
  if (typeof $ref === "string" && position.refs.includes($ref)) return cycle($ref, position, lowering);

  let whole: Schema = {};
  if (typeof $ref === "string") {
    const inside = { ...position, refs: [...position.refs, $ref], depth: position.depth + 1 };
    whole = convert(pointerTarget($ref, lowering.root), inside, lowering);
  }
  for (const member of list(allOf)) {
    whole = combine(whole, convert(member, { ...position, depth: position.depth + 1 }, lowering));
  }
  return combine(whole, convertKeywords(own, position, lowering));
}

/** Converts a reference to a schema that is being expanded: keeps it where Gemini allows it, else gives only an outline. */
function cycle(ref: string, position: Position, lowering: Lowering): Schema {
  if (!position.optional) return outline(pointerTarget(ref, lowering.root));
  const known = lowering.definitions.get(ref);
  if (known) return { $ref: `#/$defs/${known.name}` };
  const definition = { name: `cycle_${lowering.definitions.size + 1}`, schema: {} };
  lowering.definitions.set(ref, definition);
  definition.schema = lower(pointerTarget(ref, lowering.root), { refs: [ref], depth: 0, optional: false }, lowering);
  return { $ref: `#/$defs/${definition.name}` };
}

function outline(schema: unknown): Schema {
  if (!isRecord(schema)) return {};
  return Object.fromEntries(
    ["type", "title", "description"].flatMap((key) => (key in schema ? [[key, schema[key]]] : [])),
  );
}

function convertKeywords(schema: Schema, position: Position, lowering: Lowering): Schema {
  const deeper = { ...position, depth: position.depth + 1 };
  const result: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    switch (keyword) {
      case "enum":
        if (isPlainEnum(value)) result.enum = value;
        break;
      case "const":
        if (isPlainEnum([value])) result.enum = [value];
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
        if (isRecord(value)) result.properties = convertProperties(value, strings(schema.required), deeper, lowering);
        break;
      case "additionalProperties":
        if (typeof value === "boolean") result.additionalProperties = value;
        if (isRecord(value)) result.additionalProperties = lower(value, { ...deeper, optional: true }, lowering);
        break;
      default:
        if (KEPT_AS_IS.has(keyword)) result[keyword] = value;
    }
  }
  return result;
}

function convertProperties(
  properties: Schema,
  required: readonly string[],
  position: Position,
  lowering: Lowering,
): Schema {
  const entries = Object.entries(properties).filter(([, property]) => property !== false);
  return Object.fromEntries(
    entries.map(([name, property]) => {
      const optional = position.optional || !required.includes(name);
      return [name, lower(property, { ...position, optional }, lowering)];
    }),
  );
}

/** Merges two schemas. The second one wins; a kept reference, which has to stand alone, gives way to any other keyword. */
function combine(first: Schema, second: Schema): Schema {
  if (Object.keys(first).length === 0) return second;
  if (Object.keys(second).length === 0) return first;
  const { $ref: _first, ...one } = first;
  const { $ref: _second, ...two } = second;
  const properties = { ...asSchema(one.properties), ...asSchema(two.properties) };
  const required = [...new Set([...strings(one.required), ...strings(two.required)])];
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
