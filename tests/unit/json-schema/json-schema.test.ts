/** The faults of ajv as legwork words them: the place of the value, the sentence of ajv, and the names that it leaves out. */
import { expect, it } from "vitest";
import { createJsonSchemas } from "../../../src/json-schema/json-schema.js";

const schemas = createJsonSchemas();

it.each([
  [{ required: ["name"] }, {}, "must have required property 'name'"],
  [{ properties: { name: { type: "string" } } }, { name: 5 }, "name must be string"],
  [{ properties: { list: { items: { minimum: 0 } } } }, { list: [1, -1] }, "list.1 must be >= 0"],
  [
    { properties: { size: { enum: ["s", "m"] } } },
    { size: "xl" },
    'size must be equal to one of the allowed values (["s","m"])',
  ],
  [{ additionalProperties: false }, { nam: 1 }, 'must NOT have additional properties ("nam")'],
  [{ type: "object" }, "Ada", "must be object"],
])("%j and %j: %s", async (schema, value, fault) => {
  expect(await schemas.check(schema, value)).toBe(fault);
});
