/** Tool schemas with the keywords of Gemini. */
import { describe, expect, it } from "vitest";
import { lowerSchema } from "../../../../src/providers/gemini/lower-schema.js";

describe("a lowered schema", () => {
  it("keeps the documented keywords and drops or rewords the others", () => {
    expect(
      lowered({
        $schema: "http://json-schema.org/draft-07/schema#",
        $id: "https://example.org/x",
        type: "object",
        description: "All",
        properties: {
          text: { type: "string", format: "date", minLength: 1, pattern: "x", default: "y", examples: ["z"] },
          count: { type: ["integer", "null"], minimum: 1, exclusiveMaximum: 9 },
          kind: { const: "file" },
          flag: { enum: [true, false] },
          pair: { type: "array", items: [{ type: "string" }, true], minItems: 2 },
          either: { oneOf: [{ type: "string" }, { $ref: "#/definitions/size" }] },
          both: { allOf: [{ $ref: "#/definitions/size" }], description: "A size" },
          never: false,
          anything: true,
        },
        anyOf: [{ required: ["text"] }, { required: ["count"] }],
        required: ["text", "missing"],
        additionalProperties: false,
        definitions: { size: { type: "number", maximum: 5 } },
      }),
    ).toEqual({
      type: "object",
      description: "All",
      properties: {
        text: { type: "string", format: "date" },
        count: { type: ["integer", "null"], minimum: 1 },
        kind: { enum: ["file"] },
        flag: {},
        pair: { type: "array", prefixItems: [{ type: "string" }, {}], minItems: 2 },
        either: { oneOf: [{ type: "string" }, { type: "number", maximum: 5 }] },
        both: { type: "number", maximum: 5, description: "A size" },
        anything: {},
      },
      required: ["text"],
      additionalProperties: false,
    });
  });

  it("always has an object at its root", () => {
    const empty = { type: "object", properties: {} };
    expect(lowered({})).toEqual(empty);
    expect(lowered({ type: ["object", "null"] })).toEqual(empty);
    expect(lowered({ $ref: "#/$defs/a", $defs: { a: { properties: { b: { type: "string" } } } } })).toEqual({
      type: "object",
      properties: { b: { type: "string" } },
    });
    expect(lowered({ $ref: "https://example.org/elsewhere" })).toEqual(empty);
    expect(lowered({ $ref: "#" })).toEqual(empty);
  });

  it("keeps a cycle as a reference where it is optional, and outlines it where it is not", () => {
    const node = {
      type: "object",
      title: "Node",
      properties: { next: { $ref: "#/$defs/node" }, children: { type: "array", items: { $ref: "#/$defs/node" } } },
      required: ["children"],
    };
    const children = { type: "array", items: { type: "object", title: "Node" } };
    const once = {
      type: "object",
      title: "Node",
      properties: { next: { $ref: "#/$defs/cycle_1" }, children },
      required: ["children"],
    };
    expect(
      lowered({
        type: "object",
        properties: { tree: { $ref: "#/$defs/node" } },
        required: ["tree"],
        $defs: { node },
      }),
    ).toEqual({
      type: "object",
      properties: { tree: once },
      required: ["tree"],
      $defs: { cycle_1: once },
    });
  });

  it("stays small when references double at each level or nest without limit", () => {
    const doubling = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => {
        const next = { $ref: `#/$defs/d${n + 1}` };
        return [`d${n}`, { type: "object", properties: { a: next, b: next } }];
      }),
    );
    let nested: object = { type: "string" };
    for (let n = 0; n < 5_000; n++) nested = { type: "array", items: nested };
    for (const schema of [{ $ref: "#/$defs/d0", $defs: doubling }, { properties: { nested } }]) {
      expect(JSON.stringify(lowered(schema)).length).toBeLessThan(100_000);
    }
  });
});

/** Lowers a frozen schema. */
function lowered(schema: object): object {
  return lowerSchema(deepFreeze(schema));
}

/** Freezes a value at all levels, so that a change throws. Not recursive, because some schemas here are deep. */
function deepFreeze<T extends object>(value: T): T {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== "object" || next === null) continue;
    open.push(...Object.values(Object.freeze(next)));
  }
  return value;
}
