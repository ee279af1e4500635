/** The schemas that are unusable, and those that only look so. */
import { expect, it } from "vitest";
import { schemaFault } from "../../../../src/downstream/catalog/schema-fault.js";
import { mentions } from "../../../support/mentions.js";

const object = (properties: unknown, more: object = {}) => ({ type: "object", properties, ...more });

it.each<[readonly string[], object]>([
  [["properties.a", '"#/$defs/b"'], object({ a: { $ref: "#/$defs/b" } })],
  [
    ["properties.a.items", '"#/definitions/b"'],
    object({ a: { type: "array", items: { $ref: "#/definitions/b" } } }, { $defs: { b: {} } }),
  ],
  [['"https://x.test/a"'], { $ref: "https://x.test/a" }],
  [["$defs.a", '"#/$defs/b"', "itself"], { $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } }],
  [["properties.a", "type", '"strnig"'], object({ a: { type: ["null", "strnig"] } })],
  [["properties.a", "schema"], object({ a: "string" })],
  [["properties", "object"], object(["a"])],
  [["anyOf.0", '"required"', "list"], { anyOf: [{ required: "a" }] }],
])("a fault mentions %j", (words, schema) => {
  expect(schemaFault(schema as Record<string, unknown>)).toMatch(mentions(...words));
});

it.each<[string, object]>([
  ["nulls in place of what is missing", object(null, { required: null, $defs: null })],
  ["the dialect of early drafts", object({ a: { type: "number", required: true, exclusiveMinimum: true } })],
  ["a schema that holds itself", object({ a: { $ref: "#" }, b: { $ref: "#/properties/a" } })],
  ["references that meet again, with words of their own", { $defs: { a: { minLength: 1, $ref: "#/$defs/a" } } }],
  ["escaped names", object({ a: { $ref: "#/$defs/x%20y~1z" } }, { $defs: { "x y/z": {} } })],
  [
    "names by $id and $anchor",
    object({ a: { $ref: "https://x.test/a" }, b: { $ref: "#b" } }, { $id: "https://x.test" }),
  ],
  ["the schema of schemas", object({ a: { $ref: "http://json-schema.org/draft-07/schema#" } })],
  ["properties with the names of keywords", object({ $ref: {}, type: { type: "string" }, required: true, items: {} })],
  ["data that only looks like a schema", object({ a: { const: { $ref: "#/nowhere" }, default: { type: "x" } } })],
  ["booleans", object({ a: true }, { additionalProperties: false })],
])("finds no fault with %s", (_what, schema) => {
  expect(schemaFault(schema as Record<string, unknown>)).toBeNull();
});

it("walks a schema only to a maximum depth", () => {
  let deep: object = { type: "string" };
  for (let level = 0; level < 100_000; level++) deep = { anyOf: [deep] };
  expect(schemaFault(deep as Record<string, unknown>)).toMatch(mentions("100", "levels"));
});
