/** Names, arguments and schemas on the wires of OpenAI. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromFunctionName, toFunctionName } from "../../src/providers/openai/content/function-name.js";
import { readArguments, toArgumentsText } from "../../src/providers/openai/content/read-arguments.js";
import { toParameters } from "../../src/providers/openai/content/to-parameters.js";

describe("a function name", () => {
  const tricky = fc.string({ unit: fc.constantFrom("_", "0x", "2e", "5f", "a", ".", " ", "é", "𝒳", "-") });

  it("leads back to its tool, is like no other, and keeps the rule", () => {
    fc.assert(
      fc.property(fc.oneof(tricky, fc.string({ unit: "binary" })), tricky, (name, other) => {
        expect(fromFunctionName(toFunctionName(name))).toBe(name);
        expect(toFunctionName(name)).toMatch(/^[A-Za-z0-9_-]*$/);
        if (name !== other) expect(toFunctionName(name)).not.toBe(toFunctionName(other));
      }),
    );
  });

  it("is that of the tool where the rule allows it", () => {
    for (const name of ["github__search_issues", "7zip__list", "-x", "a_0xzz"]) expect(toFunctionName(name)).toBe(name);
  });
});

describe("arguments", () => {
  it("are read from every JSON of an object, and go back as they came", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const text = JSON.stringify(value, null, 1);
        expect(readArguments(text)).toEqual(JSON.parse(text));
        expect(toArgumentsText(text)).toBe(text);
        expect(readArguments(`${text}${text}`)).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each(["{", "[]", "1", "true", '{"a":1}{"a":2}', '{"a":1} and', "text", '{"a":1}{'])(
    "are not guessed from %j",
    (text) => {
      expect(readArguments(text)).toBeNull();
    },
  );
});

describe("the parameters of a function", () => {
  it.each<[object, object]>([
    [{}, { type: "object", properties: {} }],
    [
      { type: "object", description: "d", additionalProperties: false },
      { type: "object", description: "d", additionalProperties: false, properties: {} },
    ],
    [
      { properties: { a: { type: "string" } }, allOf: [{ properties: { b: {} }, required: ["b"] }], required: ["a"] },
      { type: "object", properties: { a: { type: "string" }, b: {} }, required: ["a", "b"] },
    ],
    [
      { oneOf: [{ properties: { a: { const: 1 } } }, { properties: { a: { const: 2 } } }] },
      { type: "object", properties: { a: { const: 1 } } },
    ],
    [
      { $ref: "#/$defs/a", $defs: { a: { type: "object", properties: { b: { $ref: "#/$defs/a" } } } } },
      {
        type: "object",
        properties: { b: { $ref: "#/$defs/a" } },
        $defs: { a: { type: "object", properties: { b: { $ref: "#/$defs/a" } } } },
      },
    ],
    [
      { $ref: "#", type: "array", not: {}, enum: [1] },
      { type: "object", properties: {} },
    ],
  ])("of %j are an object without alternatives", (schema, expected) => {
    const before = JSON.stringify(schema);
    expect(toParameters(schema)).toEqual(expected);
    expect(JSON.stringify(schema)).toBe(before);
  });
});
