/** Schemas and values that count as small are compiled and checked in bounded time; schemas without a bound never do. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { compileSchema, judgeAll } from "../../../src/json-schema/compile-schema.js";
import { compileLinear } from "../../../src/json-schema/pattern-engine.js";
import { isProvablySmall, sizeOfSchema } from "../../../src/json-schema/provably-small.js";
import { createValidators } from "../../../src/json-schema/validators.js";
import { jsonSize } from "../../../src/lib/json/json-size.js";
import { LARGE, LINEAR, SLOW } from "../../support/hostile-schemas.js";

const LONGEST_MS = 5_000; // on a busy machine; what is unbounded takes hours
const validators = createValidators({ linear: () => compileLinear, mayBacktrack: false });
const isSmall = (schema: object, value: unknown) => isProvablySmall(sizeOfSchema(schema), jsonSize(value));

it.each([...SLOW, ...LARGE])("$name: never small", ({ schema, value }) => {
  expect(isSmall(schema, value)).toBe(false);
});

it.each(LINEAR)("$name: small", ({ schema, value }) => {
  expect(isSmall(schema, value)).toBe(true);
});

it.each([
  [{ properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: { type: "string", pattern: "^a+$" } } }, { a: "aa" }, true],
  [{ properties: { a: { type: "string" } } }, { a: "x".repeat(5_000_000) }, true], // nothing reads the text
  [{ properties: { a: { type: "string", pattern: "a$" } } }, { a: "x".repeat(70_000) }, false],
  [{ properties: { a: { uniqueItems: true, maxItems: 10 } } }, { a: [1] }, true],
  [{ properties: { a: { uniqueItems: true } } }, { a: [1] }, false],
  [{ properties: { a: { contains: { type: "string" } } } }, { a: [1] }, false],
  [{ $ref: "https://example.test/other" }, {}, false],
  [{ properties: { a: { $id: "other", $ref: "#/$defs/b" } }, $defs: { b: {} } }, {}, false],
  [
    { items: { allOf: Array.from({ length: 200 }, () => ({ minimum: 0 })) } },
    Array.from({ length: 5_000 }, () => 1),
    false,
  ],
])("%j: small or not by what a check costs", (schema, value, small) => {
  expect(isSmall(schema, value)).toBe(small);
});

const reference = fc.constantFrom("#", "#/$defs/a", "#/$defs/b", "#/$defs/c").map(($ref) => ({ $ref }));
const { schema } = fc.letrec<{ schema: object }>((tie) => {
  const inner = tie("schema");
  const list = fc.array(inner, { minLength: 1, maxLength: 3 });
  const map = fc.dictionary(fc.constantFrom("a", "b", "c"), inner, { maxKeys: 3 });
  return {
    schema: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<object>({}, { type: "number" }, { minLength: 2 }, { uniqueItems: true, maxItems: 50 }),
      fc.constantFrom<object>(
        { pattern: "^(a+)+$" },
        { pattern: "(a|aa)*b" },
        { const: { a: [1] } },
        { enum: ["a", 1] },
      ),
      reference,
      list.map((allOf) => ({ allOf })),
      list.map((anyOf) => ({ anyOf })),
      list.map((oneOf) => ({ oneOf })),
      map.map((properties) => ({ properties, unevaluatedProperties: false })),
      map.map((dependentSchemas) => ({ dependentSchemas })),
      inner.map((items) => ({ items, contains: items, minContains: 0 })),
      inner.map((additionalProperties) => ({
        additionalProperties,
        patternProperties: { "^(a*)*$": additionalProperties },
      })),
      fc.tuple(inner, inner).map(([test, other]) => ({ if: test, else: other })),
      inner.map((not) => ({ not })),
      inner.map((propertyNames) => ({ propertyNames })),
    ),
  };
});
const whole = fc
  .record({ root: schema, a: schema, b: schema, c: schema })
  .map(({ root, ...$defs }) => ({ ...root, $defs }));
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 6 }),
  fc
    .integer({ min: 1, max: 12 })
    .map((n) => Array.from({ length: n }).reduce<unknown>((inner) => ({ a: inner, b: [inner] }), 1)),
  fc
    .integer({ min: 1, max: 30_000 })
    .map((n) => ({ a: `${"a".repeat(n)}!`, b: Array.from({ length: n % 3_000 }, (_, i) => i) })),
);

it("every schema and value that count as small take a short time", () => {
  fc.assert(
    fc.property(whole, value, (made, tried) => {
      fc.pre(isSmall(made, tried));
      const begun = performance.now();
      judgeAll(compileSchema(made, "lenient", validators), [tried]);
      expect(performance.now() - begun).toBeLessThan(LONGEST_MS);
    }),
    { numRuns: 100 },
  );
});
