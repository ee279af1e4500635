/** The size of a JSON value: its counts are those of a slow and obvious measure. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { type JsonSize, jsonSize } from "../../../../src/lib/json/json-size.js";

const parsed = (text: string): unknown => JSON.parse(text);

/** The same by the definition of each count. */
function measured(value: unknown): JsonSize {
  const inner = typeof value === "object" && value !== null ? Object.values(value).map(measured) : [];
  const names = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  const own = (typeof value === "string" ? value : names.join("")).length;
  return {
    values: inner.reduce((sum, { values }) => sum + values, 1),
    characters: inner.reduce((sum, { characters }) => sum + characters, own),
    levels: 1 + Math.max(0, ...inner.map(({ levels }) => levels)),
    hasProto: names.includes("__proto__") || inner.some(({ hasProto }) => hasProto),
  };
}

it("counts every value, character and level", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      expect(jsonSize(parsed(text))).toEqual(measured(parsed(text)));
    }),
  );
});

it.each(['{"__proto__":1}', '[{"a":{"__proto__":{}}}]', '{"a":[],"b":[[{"__proto__":null}]]}'])(
  "finds the name __proto__ in %s",
  (text) => {
    expect(jsonSize(parsed(text)).hasProto).toBe(true);
    expect(jsonSize(parsed(text.replaceAll("__proto__", "proto"))).hasProto).toBe(false);
  },
);

it("ends at a thousand levels", () => {
  const deep = parsed(`${"[".repeat(5_000)}${"]".repeat(5_000)}`);
  expect(jsonSize(deep)).toMatchObject({ values: 1_001, levels: 1_001 });
});
