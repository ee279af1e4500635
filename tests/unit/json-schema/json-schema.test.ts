/** JSON Schema as tools and callers write it: what is a schema, and what is wrong with a value. */
import { describe, expect, it, onTestFinished } from "vitest";
import { createJsonSchemas } from "../../../src/json-schema/json-schema.js";

const schemas = createJsonSchemas();

describe("a schema", () => {
  it.each([
    [true],
    [false],
    [{}],
    [{ type: "object" }],
    [{ type: ["string", "null"], description: "maybe", "x-own": 1 }],
    [{ $schema: "https://json-schema.org/draft/2020-12/schema", type: "object" }],
    [{ $schema: "http://json-schema.org/draft-07/schema#", type: "object" }],
    [{ $id: "https://example.test/s", $defs: { n: { type: "number" } }, $ref: "#/$defs/n" }],
    [{ type: "string", format: "no-such-format" }],
  ])("is %j", async (schema) => {
    expect(await schemas.faultOf(schema)).toBeNull();
  });

  it.each([
    [{ type: "banana" }, /type/],
    [{ type: 5 }, /type/],
    [{ properties: 5 }, /properties/],
    [{ required: "a" }, /required/],
    [{ $ref: "#/nowhere" }, /nowhere/],
    [{ $ref: "https://example.test/other" }, /example\.test/],
    [{ pattern: "(" }, /regular expression/i],
    [{ minimum: "1" }, /minimum/],
  ])("is not %j, and a value is never checked against it", async (schema, says) => {
    expect(await schemas.faultOf(schema)).toMatch(says);
    expect(await schemas.check(schema, {})).toMatch(says);
    expect(await schemas.check(schema, {})).toContain("schema");
  });

  it("may have the name of another one", async () => {
    expect(await schemas.faultOf({ $id: "same", type: "object" })).toBeNull();
    expect(await schemas.check({ $id: "same", type: "string" }, "text")).toBeNull();
    expect(await schemas.check({ $id: "same", type: "object" }, "text")).toBe("must be object");
  });

  it("may speak of itself", async () => {
    const tree = {
      type: "object",
      properties: { children: { type: "array", items: { $ref: "#" } } },
      additionalProperties: false,
    };
    expect(await schemas.faultOf(tree)).toBeNull();
    expect(await schemas.check(tree, { children: [{ children: [] }] })).toBeNull();
    expect(await schemas.check(tree, { children: [{ child: [] }] })).toContain("children.0");
  });

  it("that asks to be checked later is checked now or refused", async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", listener);
    onTestFinished(() => void process.off("unhandledRejection", listener));
    const verdict = await schemas.check({ $async: true, type: "object", required: ["a"] }, {});
    await new Promise(setImmediate);
    expect(unhandled).toEqual([]); // one of these would end the process
    expect(verdict).not.toBeNull();
  });

  const tuple = { items: [{ type: "number" }], additionalItems: false };

  it("of the seventh draft is understood as such", async () => {
    const schema = { $schema: "http://json-schema.org/draft-07/schema#", ...tuple };
    expect(await schemas.check(schema, [1])).toBeNull();
    expect(await schemas.check(schema, ["a"])).toBe("0 must be number");
    expect(await schemas.check(schema, [1, 2])).not.toBeNull();
  });

  it.each([
    ["does not say of which draft it is", tuple],
    ["is of the draft of 2019", { $schema: "https://json-schema.org/draft/2019-09/schema", ...tuple }],
  ])("in older words that %s is understood too", async (_what, schema) => {
    expect(await schemas.check(schema, [1])).toBeNull();
    expect(await schemas.check(schema, ["a"])).toBe("0 must be number");
  });
});

describe("a value", () => {
  const person = {
    type: "object",
    properties: { name: { type: "string" }, age: { type: "integer", minimum: 0 }, size: { enum: ["s", "m"] } },
    required: ["name"],
    additionalProperties: false,
  };

  it.each([
    [{ name: "Ada" }, null],
    [{ name: "Ada", age: 36, size: "m" }, null],
    [{}, "must have required property 'name'"],
    [{ name: 5 }, "name must be string"],
    [{ name: "Ada", age: -1 }, "age must be >= 0"],
    [{ name: "Ada", size: "xl" }, 'size must be equal to one of the allowed values (["s","m"])'],
    [{ name: "Ada", nam: 1 }, 'must NOT have additional properties ("nam")'],
    ["Ada", "must be object"],
    [null, "must be object"],
    [[], "must be object"],
  ])("%j: %j", async (value, fault) => {
    expect(await schemas.check(person, value)).toBe(fault);
  });

  it("is told where it is wrong, however deep", async () => {
    const nested = { properties: { list: { items: { properties: { n: { type: "number" } } } } } };
    expect(await schemas.check(nested, { list: [{ n: 1 }, { n: "two" }] })).toBe("list.1.n must be number");
  });

  it("is not changed by being checked", async () => {
    const value = { name: "Ada", extra: 1 };
    await schemas.check({ ...person, additionalProperties: true, properties: { age: { default: 5 } } }, value);
    expect(value).toEqual({ name: "Ada", extra: 1 });
  });

  it("always fits true and never fits false", async () => {
    expect(await schemas.check(true, 5)).toBeNull();
    expect(await schemas.check(false, 5)).not.toBeNull();
  });
});

describe("a tool's schema that cannot be used says nothing against arguments, for its server will judge", () => {
  it.each([
    { type: "object", properties: { a: { type: "number", exclusiveMinimum: true } } }, // an old dialect
    { type: "object", properties: { a: "number" } },
    { type: "object", properties: { a: null } },
    { type: "object", properties: { a: { type: "numbr" } } },
    { type: "object", properties: { a: { enum: "yes" } } },
    { type: "object", properties: { a: { minLength: "99" } } },
    { type: "object", required: "b" },
    { type: "objekt" },
  ])("%j", async (schema) => {
    expect(await schemas.faultOf(schema)).not.toBeNull();
    expect(await schemas.checkArguments(schema, { a: "no number" })).toBeNull();
  });

  it("but one that can be used does", async () => {
    expect(await schemas.checkArguments({ type: "object", required: ["a"] }, {})).toContain("required property 'a'");
  });
});
