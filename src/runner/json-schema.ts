/** JSON Schema: whether a schema is one, and what is wrong with a value. */
import type { ErrorObject, ValidateFunction } from "ajv";

export interface JsonSchemas {
  /** What is wrong with the schema itself, or null. */
  faultOf(schema: object | boolean): Promise<string | null>;
  /** What is wrong with the value, in one line, or null. A schema that cannot be used is a fault of every value. */
  check(schema: object | boolean, value: unknown): Promise<string | null>;
}

type Compiled = { readonly validate: ValidateFunction } | { readonly fault: string };

/** Compiles each schema object once; the validator library is loaded when the first one is needed. */
export function createJsonSchemas(): JsonSchemas {
  const compiled = new WeakMap<object, Compiled>();
  const compile = async (schema: object | boolean): Promise<Compiled> => {
    if (typeof schema === "boolean") return compileSchema(schema);
    const known = compiled.get(schema) ?? (await compileSchema(schema));
    compiled.set(schema, known);
    return known;
  };
  return {
    async faultOf(schema) {
      const result = await compile(schema);
      return "fault" in result ? result.fault : null;
    },
    async check(schema, value) {
      const result = await compile(schema);
      if ("fault" in result) return `the schema cannot be used: ${result.fault}`;
      return result.validate(value) ? null : describe(result.validate.errors ?? []);
    },
  };
}

const OPTIONS = {
  strict: false, // other people's schemas hold keywords of their own
  validateFormats: false, // formats are annotations in JSON Schema 2020-12
  logger: false,
  addUsedSchema: false, // two servers may use the same $id
} as const;

/** Draft 4 to 7 and 2020-12 differ in a few keywords; one validator of each serves all schemas. */
const loaders = {
  older: once(async () => new (await import("ajv")).Ajv(OPTIONS)),
  current: once(async () => new (await import("ajv/dist/2020.js")).Ajv2020(OPTIONS)),
};

async function compileSchema(schema: object | boolean): Promise<Compiled> {
  const { $schema: named = "", ...rest } = typeof schema === "object" ? (schema as { $schema?: unknown }) : {};
  const ajv = await (/draft-0[467]/.test(String(named)) ? loaders.older() : loaders.current());
  try {
    return { validate: ajv.compile(typeof schema === "object" ? rest : schema) };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | null = null;
  return () => {
    loaded ??= load();
    return loaded;
  };
}

function describe(errors: readonly ErrorObject[]): string {
  const [error] = errors;
  if (!error) return "does not fit the schema";
  const where = error.instancePath.slice(1).replaceAll("/", ".");
  const extra = "additionalProperty" in error.params ? ` ("${error.params.additionalProperty}")` : "";
  const allowed = "allowedValues" in error.params ? ` (${JSON.stringify(error.params.allowedValues)})` : "";
  return `${where ? `${where} ` : ""}${error.message ?? "does not fit the schema"}${extra}${allowed}`;
}
