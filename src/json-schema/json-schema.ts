/** JSON Schema: checks schemas, and checks values against them. */
import type { Ajv, ErrorObject, ValidateFunction } from "ajv";
import type { JsonSchemas } from "../core/ports/json-schemas.js";
import { isRecord } from "../lib/is-record.js";
import { once } from "../lib/once.js";

/**
 * strict: check the schema against the schema of its draft before it is compiled. lenient: compile it only, which saves the
 * slow compilation of the draft's schema at the first call; enough where the server checks the value again.
 */
type Mode = "strict" | "lenient";

type Compiled =
  | { readonly kind: "validator"; readonly validate: ValidateFunction }
  | { readonly kind: "fault"; readonly fault: string };

/** Compiles each schema object once; loads the validator library with the first schema. */
export function createJsonSchemas(): JsonSchemas {
  const compiled = { strict: new WeakMap<object, Compiled>(), lenient: new WeakMap<object, Compiled>() };
  const plainOf = new WeakMap<object, object>();
  const compile = async (schema: object | boolean, mode: Mode): Promise<Compiled> => {
    if (typeof schema === "boolean") return compileSchema(schema, mode);
    const known = compiled[mode].get(schema) ?? (await compileSchema(schema, mode));
    compiled[mode].set(schema, known);
    return known;
  };
  return {
    async check(schema, value) {
      const result = await compile(schema, "strict");
      if (result.kind === "fault") return `the schema cannot be used: ${result.fault}`;
      return result.validate(value) ? null : describe(result.validate.errors ?? []);
    },
    async checkArguments(schema, value) {
      const plain = plainOf.get(schema) ?? withoutPatterns(schema);
      plainOf.set(schema, plain);
      const result = await compile(plain, "lenient");
      return result.kind === "fault" || result.validate(value) ? null : describe(result.validate.errors ?? []);
    },
    async faultOf(schema) {
      const result = await compile(schema, "strict");
      return result.kind === "fault" ? result.fault : null;
    },
  };
}

/** Drafts 6 and 7 differ from 2020-12 in a few keywords; one validator for each kind serves all schemas. */
const loaders = {
  older: once(async () => (await import("./ajv.js")).createOlderValidator()),
  current: once(async () => (await import("./ajv.js")).createCurrentValidator()),
};

/** Compiles a schema by the draft it names, else by 2020-12; a schema that fails is compiled by the other. */
async function compileSchema(schema: object | boolean, mode: Mode): Promise<Compiled> {
  // With $async, validation returns a promise, which is never false; an $id could replace the schema of a draft.
  const {
    $schema: named = "",
    $async: _async,
    $id: _id,
    ...rest
  } = typeof schema === "object" ? (schema as Record<string, unknown>) : {};
  const plain = typeof schema === "object" ? rest : schema;
  const isOlder = /draft-0[467]|2019-09/.test(String(named));
  const first = compileWith(await (isOlder ? loaders.older() : loaders.current()), plain, mode);
  if (first.kind === "validator") return first;
  const second = compileWith(await (isOlder ? loaders.current() : loaders.older()), plain, mode);
  return second.kind === "validator" ? second : first;
}

function compileWith(ajv: Ajv, schema: object | boolean, mode: Mode): Compiled {
  try {
    if (mode === "strict" && ajv.validateSchema(schema) !== true)
      return { kind: "fault", fault: inOneLine(`schema is invalid: ${ajv.errorsText()}`) };
    const validate = ajv.compile(schema);
    if (typeof schema === "object") ajv.removeSchema(schema); // else the validator would keep a schema for each run
    return { kind: "validator", validate };
  } catch (error) {
    return { kind: "fault", fault: inOneLine(error instanceof Error ? error.message : String(error)) };
  }
}

const MAPS_OF_SCHEMAS = new Set(["properties", "$defs", "definitions", "dependentSchemas"]);
const DATA = new Set(["const", "enum", "default", "examples"]);

function withoutPatterns(schema: object): object {
  const hasPatternProperties = "patternProperties" in schema;
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, value]: [string, unknown]) => {
      if (key === "pattern" || key === "patternProperties") return [];
      // Names that only the dropped patterns allowed must not count as additional.
      if (hasPatternProperties && /^(additional|unevaluated)Properties$/.test(key)) return [];
      return [[key, DATA.has(key) ? value : stripped(value, MAPS_OF_SCHEMAS.has(key))]];
    }),
  );
}

function stripped(value: unknown, isMap: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => stripped(item, false));
  if (!isRecord(value)) return value;
  if (!isMap) return withoutPatterns(value);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, stripped(item, false)]));
}

function describe(errors: readonly ErrorObject[]): string {
  const [error] = errors;
  if (!error) return "does not fit the schema";
  const where = error.instancePath.slice(1).replaceAll("/", ".");
  const extra = "additionalProperty" in error.params ? ` ("${error.params.additionalProperty}")` : "";
  const allowed = "allowedValues" in error.params ? ` (${JSON.stringify(error.params.allowedValues)})` : "";
  return inOneLine(`${where ? `${where} ` : ""}${error.message ?? "does not fit the schema"}${extra}${allowed}`);
}

/** Names in schemas and values may contain line breaks. */
function inOneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, " ");
}
