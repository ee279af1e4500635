/** The library that checks values against JSON Schemas, set up as we use it. Loaded with the first schema only. */
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";

const OPTIONS = {
  strict: false, // other people's schemas hold keywords of their own
  validateFormats: false, // formats are annotations in JSON Schema 2020-12
  logger: false,
  validateSchema: false, // it is done where a schema has to be proved
} as const;

export function createOlderValidator(): Ajv {
  return new Ajv(OPTIONS);
}

export function createCurrentValidator(): Ajv2020 {
  return new Ajv2020(OPTIONS);
}
