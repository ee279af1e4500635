/**
 * A tool's JSON Schema in the words that Gemini's `parametersJsonSchema` has.
 * What it has no word for is left out: the runner checks arguments against the whole schema itself.
 */

type Schema = Readonly<Record<string, unknown>>;

/** One schema's lowering: the references that had to stay, and how much may still be written. */
interface Lowering {
  readonly root: Schema;
  readonly definitions: Map<string, { readonly name: string; schema: Schema }>;
  nodesLeft: number;
}

/** Where in the schema we are; `refs` are the references being written out, `optional` says whether a cycle may stand here. */
interface Place {
  readonly refs: readonly string[];
  readonly depth: number;
  readonly optional: boolean;
}

const MAX_NODES = 2_000; // references written out can double at each level: a few lines could otherwise fill the memory
const MAX_DEPTH = 32; // far beyond any tool that a model can use, far below what the stack holds
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

/** The schema as Gemini takes it, always an object's; the input is left as it was. */
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

/** A subschema, complete in itself. */
function lower(schema: unknown, place: Place, lowering: Lowering): Schema {
  const { required, ...rest } = convert(schema, place, lowering);
  // Gemini refuses a required name that has no property beside it.
  const known = strings(required).filter((name) => isSchema(rest.properties) && Object.hasOwn(rest.properties, name));
  return known.length > 0 ? { ...rest, required: known } : rest;
}

function convert(schema: unknown, place: Place, lowering: Lowering): Schema {
  if (!isSchema(schema) || place.depth > MAX_DEPTH || lowering.nodesLeft <= 0) return {};
  lowering.nodesLeft -= 1;
  const { $ref, allOf, ...own } = schema;
  if (typeof $ref === "string" && place.refs.includes($ref)) return cycle($ref, place, lowering);

  let whole: Schema = {};
  if (typeof $ref === "string") {
    const inside = { ...place, refs: [...place.refs, $ref], depth: place.depth + 1 };
    whole = convert(targetOf($ref, lowering.root), inside, lowering);
  }
  for (const member of list(allOf)) {
    whole = combine(whole, convert(member, { ...place, depth: place.depth + 1 }, lowering));
  }
  return combine(whole, convertKeywords(own, place, lowering));
}

/** A reference back into what is being written: kept where Gemini allows it, else only outlined. */
function cycle(ref: string, place: Place, lowering: Lowering): Schema {
  if (!place.optional) return outline(targetOf(ref, lowering.root));
  const known = lowering.definitions.get(ref);
  if (known) return { $ref: `#/$defs/${known.name}` };
  const definition = { name: `cycle_${lowering.definitions.size + 1}`, schema: {} };
  lowering.definitions.set(ref, definition);
  definition.schema = lower(targetOf(ref, lowering.root), { refs: [ref], depth: 0, optional: false }, lowering);
  return { $ref: `#/$defs/${definition.name}` };
}

function outline(schema: unknown): Schema {
  if (!isSchema(schema)) return {};
  return Object.fromEntries(
    ["type", "title", "description"].flatMap((key) => (key in schema ? [[key, schema[key]]] : [])),
  );
}

function convertKeywords(schema: Schema, place: Place, lowering: Lowering): Schema {
  const deeper = { ...place, depth: place.depth + 1 };
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
        if (isSchema(value)) result.items = lower(value, deeper, lowering);
        if (Array.isArray(value)) result.prefixItems = value.map((item) => lower(item, deeper, lowering));
        break;
      case "prefixItems":
        result.prefixItems = list(value).map((item) => lower(item, deeper, lowering));
        break;
      case "anyOf":
      case "oneOf": {
        const branches = list(value).map((branch) => lower(branch, deeper, lowering));
        // Branches that differed only in words that Gemini lacks say nothing any more.
        if (branches.some((branch) => Object.keys(branch).length > 0)) result[keyword] = branches;
        break;
      }
      case "properties":
        if (isSchema(value)) result.properties = convertProperties(value, strings(schema.required), deeper, lowering);
        break;
      case "additionalProperties":
        if (typeof value === "boolean") result.additionalProperties = value;
        if (isSchema(value)) result.additionalProperties = lower(value, { ...deeper, optional: true }, lowering);
        break;
      default:
        if (KEPT_AS_IS.has(keyword)) result[keyword] = value;
    }
  }
  return result;
}

function convertProperties(properties: Schema, required: readonly string[], place: Place, lowering: Lowering): Schema {
  const entries = Object.entries(properties).filter(([, property]) => property !== false);
  return Object.fromEntries(
    entries.map(([name, property]) => {
      const optional = place.optional || !required.includes(name);
      return [name, lower(property, { ...place, optional }, lowering)];
    }),
  );
}

/** Both at once; where they differ the second wins, and a kept reference, which stands alone, gives way to anything said. */
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

/** What a JSON pointer within the document names; undefined for any other reference. */
function targetOf(ref: string, root: Schema): unknown {
  if (ref !== "#" && !ref.startsWith("#/")) return undefined;
  let target: unknown = root;
  for (const step of ref.split("/").slice(1)) {
    const key = percentDecoded(step).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof target !== "object" || target === null || !Object.hasOwn(target, key)) return undefined;
    target = Reflect.get(target, key);
  }
  return target;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Gemini's enums hold strings and numbers only. */
function isPlainEnum(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string" || typeof item === "number");
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asSchema(value: unknown): Schema {
  return isSchema(value) ? value : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function strings(value: unknown): readonly string[] {
  return list(value).filter((item) => typeof item === "string");
}
