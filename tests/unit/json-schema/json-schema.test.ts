/** Faults in words: the place of the value, what is expected there, and what was found. */
import { expect, it } from "vitest";
import { builtJsonSchemas } from "../../support/json-schemas.js";

const schemas = builtJsonSchemas();

it.each([
  [{ required: ["name"] }, {}, "name is missing"],
  [{ properties: { list: { items: { required: ["name"] } } } }, { list: [{}] }, "list.0.name is missing"],
  [{ properties: { name: { type: "string" } } }, { name: 5 }, "name has to be a string, not a number"],
  [{ properties: { n: { type: ["integer", "null"] } } }, { n: [] }, "n has to be an integer or null, not a list"],
  [{ properties: { list: { items: { minimum: 0 } } } }, { list: [1, -1] }, "list.1 has to be at least 0"],
  [{ properties: { list: { minItems: 2 } } }, { list: [1] }, "list has to have at least 2 entries"],
  [{ properties: { name: { maxLength: 1 } } }, { name: "ab" }, "name has to have at most 1 character"],
  [{ properties: { size: { enum: ["s", "m"] } } }, { size: "xl" }, 'size has to be one of "s", "m"'],
  [{ properties: { kind: { const: "a" } } }, { kind: "b" }, 'kind has to be "a"'],
  [{ additionalProperties: false }, { nam: 1 }, "nam is not allowed: there is no such name"],
  [{ properties: { day: { pattern: "^\\d+$" } } }, { day: "x" }, "day has to match the pattern ^\\d+$"],
  [{ propertyNames: { maxLength: 1 } }, { ab: 1 }, 'the name "ab" has to have at most 1 character'],
  [
    { properties: { to: { anyOf: [{ type: "string" }, { type: "number" }] } } },
    { to: null },
    "to has to be a string, not null, or to has to be a number, not null",
  ],
  [{ type: "object" }, "Ada", "it has to be an object, not a string"],
])("%j and %j: %s", async (schema, value, fault) => {
  expect(await schemas.check(schema, value)).toBe(fault);
});
