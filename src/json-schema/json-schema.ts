/** JSON Schema: whether a schema is one, and what is wrong with a value. */
import type { Ajv, ErrorObject, ValidateFunction } from "ajv";
import type { JsonSchemas } from "../core/ports/json-schemas.js";
import { once } from "../lib/once.js";

/**
 * Whether a schema is held against the schema of its draft first. Compiling that one takes longer than all else a first call
 * does, and where the server judges as well it is enough that the schema compiles.
 */
type Rigour = "prove" | "try";

type Compiled = { readonly validate: ValidateFunction } | { readonly fault: string };

/** Compiles each schema object once; the validator library is loaded when the first one is needed. */
export function createJsonSchemas(): JsonSchemas {
  const compiled = { prove: new WeakMap<object, Compiled>(), try: new WeakMap<object, Compiled>() };
  const plainOf = new WeakMap<object, object>();
  const compile = async (schema: object | boolean, rigour: Rigour): Promise<Compiled> => {
    if (typeof schema === "boolean") return compileSchema(schema, rigour);
    const known = compiled[rigour].get(schema) ?? (await compileSchema(schema, rigour));
    compiled[rigour].set(schema, known);
    return known;
  };
  return {
    async check(schema, value) {
      const result = await compile(schema, "prove");
      if ("fault" in result) return `the schema cannot be used: ${result.fault}`;
      return result.validate(value) ? null : describe(result.validate.errors ?? []);
    },
    async checkArguments(schema, value) {
      const plain = plainOf.get(schema) ?? withoutPatterns(schema);
      plainOf.set(schema, plain);
      const result = await compile(plain, "try");
      return "fault" in result || result.validate(value) ? null : describe(result.validate.errors ?? []);
    },
    async faultOf(schema) {
      const result = await compile(schema, "prove");
      return "fault" in result ? result.fault : null;
    },
  };
}

/** Drafts 6 and 7 and 2020-12 differ in a few keywords; one validator of each serves all schemas. */
const loaders = {
  older: once(async () => (await import("./ajv.js")).createOlderValidator()),
  current: once(async () => (await import("./ajv.js")).createCurrentValidator()),
};

/** By the draft that it names, else by the current one; a schema that this cannot be is tried as the other. */
async function compileSchema(schema: object | boolean, rigour: Rigour): Promise<Compiled> {
  // $async would make answers promises, which are never false; $id could take the place of a draft's own schema.
  const {
    $schema: named = "",
    $async: _async,
    $id: _id,
    ...rest
  } = typeof schema === "object" ? (schema as Record<string, unknown>) : {};
  const plain = typeof schema === "object" ? rest : schema;
  const isOlder = /draft-0[467]|2019-09/.test(String(named));
  const first = compileWith(await (isOlder ? loaders.older() : loaders.current()), plain, rigour);
  if ("validate" in first) return first;
  const second = compileWith(await (isOlder ? loaders.current() : loaders.older()), plain, rigour);
  return "validate" in second ? second : first;
}

function compileWith(ajv: Ajv, schema: object | boolean, rigour: Rigour): Compiled {
  try {
    if (rigour === "prove" && ajv.validateSchema(schema) !== true)
      return { fault: `schema is invalid: ${ajv.errorsText()}` };
    const validate = ajv.compile(schema);
    if (typeof schema === "object") ajv.removeSchema(schema); // runs come without end
    return { validate };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

const MAPS_OF_SCHEMAS = new Set(["properties", "$defs", "definitions", "dependentSchemas"]);
const DATA = new Set(["const", "enum", "default", "examples"]);

function withoutPatterns(schema: object): object {
  const hasPatternProperties = "patternProperties" in schema;
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, value]: [string, unknown]) => {
      if (key === "pattern" || key === "patternProperties") return [];
      // What the dropped names allowed must not be refused for not being named.
      if (hasPatternProperties && /^(additional|unevaluated)Properties$/.test(key)) return [];
      return [[key, DATA.has(key) ? value : stripped(value, MAPS_OF_SCHEMAS.has(key))]];
    }),
  );
}

function stripped(value: unknown, isMap: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => stripped(item, false));
  if (typeof value !== "object" || value === null) return value;
  if (!isMap) return withoutPatterns(value);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, stripped(item, false)]));
}

function describe(errors: readonly ErrorObject[]): string {
  const [error] = errors;
  if (!error) return "does not fit the schema";
  const where = error.instancePath.slice(1).replaceAll("/", ".");
  const extra = "additionalProperty" in error.params ? ` ("${error.params.additionalProperty}")` : "";
  const allowed = "allowedValues" in error.params ? ` (${JSON.stringify(error.params.allowedValues)})` : "";
  return `${where ? `${where} ` : ""}${error.message ?? "does not fit the schema"}${extra}${allowed}`;
}
