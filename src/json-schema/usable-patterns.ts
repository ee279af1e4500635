/** Schemas with patterns that JavaScript does not know, such as those of other languages. */
import { isRecord } from "../lib/is-record.js";
import { flagsOf } from "./linear-pattern.js";

const MAPS_OF_SCHEMAS = new Set(["properties", "$defs", "definitions", "dependentSchemas", "patternProperties"]);
const DATA = new Set(["const", "enum", "default", "examples"]);
/** Keywords that refuse what a schema below them, or a name beside them, lets pass: with a pattern less they would refuse too much. */
const TURNED_AROUND = new Set([
  ...["not", "if", "then", "else", "oneOf", "contains", "minContains", "maxContains", "propertyNames"],
  ...["unevaluatedProperties", "unevaluatedItems"],
]);

/**
 * The schema without the patterns that cannot be used, and without all keywords that such a pattern less could turn around;
 * the same object where every pattern can be used.
 */
export function withUsablePatterns(schema: object): object {
  return isUsable(schema, false) ? schema : stripped(schema);
}

const isPattern = (value: unknown) => typeof value !== "string" || flagsOf(value) !== null;

function isUsable(value: unknown, isMap: boolean): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([key, inner]: [string, unknown]) => {
    if (isMap) return isUsable(inner, false);
    if (key === "pattern") return isPattern(inner);
    if (DATA.has(key)) return true;
    if (key === "patternProperties" && isRecord(inner) && !Object.keys(inner).every(isPattern)) return false;
    return isUsable(inner, MAPS_OF_SCHEMAS.has(key));
  });
}

function stripped(schema: object): object {
  const names = "patternProperties" in schema && isRecord(schema.patternProperties) ? schema.patternProperties : {};
  const losesNames = !Object.keys(names).every(isPattern);
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, value]: [string, unknown]): [string, unknown][] => {
      if (TURNED_AROUND.has(key) || (key === "pattern" && !isPattern(value))) return [];
      // Names that only a lost pattern allowed must not count as additional.
      if (losesNames && key === "additionalProperties") return [];
      if (DATA.has(key)) return [[key, value]];
      if (!MAPS_OF_SCHEMAS.has(key) || !isRecord(value)) return [[key, strippedValue(value)]];
      const entries = Object.entries(value).filter(([name]) => key !== "patternProperties" || isPattern(name));
      return [[key, Object.fromEntries(entries.map(([name, inner]) => [name, strippedValue(inner)]))]];
    }),
  );
}

function strippedValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strippedValue);
  return isRecord(value) ? stripped(value) : value;
}
