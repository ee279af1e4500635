/** ajv with the options of legwork. Loaded with the first schema only. */
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";

const OPTIONS = {
  strict: false, // schemas of servers contain keywords of their own
  validateFormats: false, // formats are annotations in JSON Schema 2020-12
  logger: false,
  validateSchema: false, // the strict compilation does it
} as const;

export function createOlderValidator(): Ajv {
  return new Ajv(OPTIONS);
}

export function createCurrentValidator(): Ajv2020 {
  return new Ajv2020(OPTIONS);
}
