/** The JsonSchemas port: the rules that every validator keeps. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { describe, expect, it, onTestFinished } from "vitest";
import type { JsonSchemas } from "../../../src/core/ports/json-schemas.js";
import { LARGE, LINEAR, SLOW } from "../../support/hostile-schemas.js";
import { mentions } from "../../support/mentions.js";

const LONGEST_PAUSE_MS = 500; // on a busy machine; the bench holds it to a fifth
const DEADLINE_MS = 2_000; // of one judgement

export interface JsonSchemasImplementation {
  readonly name: string;
  create(): JsonSchemas;
}

export function describeJsonSchemas({ name, create }: JsonSchemasImplementation): void {
  describe(`JsonSchemas ${name}`, () => {
    const schemas = create();

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
      ])("is valid: %j", async (schema) => {
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
      ])("is invalid: %j, and gives every value a fault", async (schema, says) => {
        expect(await schemas.faultOf(schema)).toMatch(says);
        expect(await schemas.check(schema, {})).toMatch(says);
        expect(await schemas.check(schema, {})).toContain("schema");
      });

      it("may have the $id of another schema", async () => {
        expect(await schemas.faultOf({ $id: "same", type: "object" })).toBeNull();
        expect(await schemas.check({ $id: "same", type: "string" }, "text")).toBeNull();
        expect(await schemas.check({ $id: "same", type: "object" }, "text")).toMatch(mentions("object"));
      });

      it("may refer to itself", async () => {
        const tree = {
          type: "object",
          properties: { children: { type: "array", items: { $ref: "#" } } },
          additionalProperties: false,
        };
        expect(await schemas.faultOf(tree)).toBeNull();
        expect(await schemas.check(tree, { children: [{ children: [] }] })).toBeNull();
        expect(await schemas.check(tree, { children: [{ child: [] }] })).toContain("children.0");
      });

      it("with $async is checked at once or refused", async () => {
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

      it("of draft 7 is checked by draft 7", async () => {
        const schema = { $schema: "http://json-schema.org/draft-07/schema#", ...tuple };
        expect(await schemas.check(schema, [1])).toBeNull();
        expect(await schemas.check(schema, ["a"])).toMatch(mentions("0", "number"));
        expect(await schemas.check(schema, [1, 2])).not.toBeNull();
      });

      it.each([
        ["does not say of which draft it is", tuple],
        ["is of the draft of 2019", { $schema: "https://json-schema.org/draft/2019-09/schema", ...tuple }],
      ])("with older keywords that %s is checked too", async (_what, schema) => {
        expect(await schemas.check(schema, [1])).toBeNull();
        expect(await schemas.check(schema, ["a"])).toMatch(mentions("0", "number"));
      });
    });

    describe("a value", () => {
      const person = {
        type: "object",
        properties: { name: { type: "string" }, age: { type: "integer", minimum: 0 }, size: { enum: ["s", "m"] } },
        required: ["name"],
        additionalProperties: false,
      };

      it.each([[{ name: "Ada" }], [{ name: "Ada", age: 36, size: "m" }]])("fits: %j", async (value) => {
        expect(await schemas.check(person, value)).toBeNull();
      });

      it.each([
        [{}, ["name"]],
        [{ name: 5 }, ["name", "string"]],
        [{ name: "Ada", age: -1 }, ["age", "0"]],
        [{ name: "Ada", size: "xl" }, ["size", '"s"', '"m"']],
        [{ name: "Ada", nam: 1 }, ["nam"]],
        ["Ada", ["object"]],
        [null, ["object"]],
        [[], ["object"]],
      ])("has a fault: %j, which names %j", async (value, words) => {
        expect(await schemas.check(person, value)).toMatch(mentions(...words));
      });

      it("has a fault with its path, at any depth", async () => {
        const nested = { properties: { list: { items: { properties: { n: { type: "number" } } } } } };
        expect(await schemas.check(nested, { list: [{ n: 1 }, { n: "two" }] })).toMatch(mentions("list.1.n", "number"));
      });

      it.each([
        [{ additionalProperties: false }, { "two\nlines": 1 }],
        [{ additionalProperties: { type: "number" } }, { "two\r\nlines": "one" }],
        [{ required: ["two\nlines"] }, {}],
        [{ propertyNames: { pattern: "^a\n$" } }, { b: 1 }],
      ])("has a fault of one line under %j: %j", async (schema, value) => {
        const fault = await schemas.check({ type: "object", ...schema }, value);
        expect(fault?.split(/[\r\n]/)).toEqual([expect.stringMatching(/\S/)]);
      });

      it("stays unchanged by the check", async () => {
        const value = { name: "Ada", extra: 1 };
        await schemas.check({ ...person, additionalProperties: true, properties: { age: { default: 5 } } }, value);
        expect(value).toEqual({ name: "Ada", extra: 1 });
      });

      it("always fits true and never fits false", async () => {
        expect(await schemas.check(true, 5)).toBeNull();
        expect(await schemas.check(false, 5)).not.toBeNull();
      });
    });

    describe("under attack", () => {
      it.each(LINEAR)("$name: are judged at once", async ({ schema, value }) => {
        expect(await schemas.faultOf(schema)).toBeNull();
        expect(await schemas.check(schema, value)).toMatch(/pattern|not allowed/);
        expect(await schemas.checkArguments(schema, value)).toMatch(mentions("do not fit"));
        expect(schemas.givenUp(schema)).toBeNull();
      });

      const attacks = [...SLOW.slice(0, 1), ...SLOW.slice(-1), ...LARGE.slice(0, 1)];

      it.each(attacks)(
        "$name: a check that cannot be finished refuses, and is not tried again",
        async ({ schema, value }) => {
          const lag = monitorEventLoopDelay({ resolution: 5 });
          lag.enable();
          expect(await schemas.checkArguments(schema, value)).toMatch(mentions("cannot be checked"));
          lag.disable();
          expect(lag.max / 1e6).toBeLessThan(LONGEST_PAUSE_MS);
          expect(schemas.givenUp(schema)).not.toBeNull();
          const begun = performance.now();
          for (let n = 0; n < 5; n++) expect(await schemas.checkArguments(schema, value)).toMatch(mentions("cannot"));
          expect(performance.now() - begun).toBeLessThan(DEADLINE_MS);
        },
      );

      it("a schema that takes too long is a fault, and others are judged afterwards", async () => {
        const [doubling] = SLOW;
        expect(await schemas.faultOf(doubling?.schema ?? {})).toMatch(mentions("judging takes"));
        const tree = { type: "object", properties: { children: { items: { $ref: "#" } }, n: { type: "number" } } };
        expect(await schemas.check(tree, { children: [{ n: 1 }] })).toBeNull();
        expect(await schemas.check(tree, { children: [{ n: "1" }] })).toMatch(mentions("children.0.n", "number"));
      });
    });

    describe("arguments", () => {
      it.each([
        { type: "object", properties: { a: { type: "number", exclusiveMinimum: true } } }, // an old dialect
        { type: "object", properties: { a: "number" } },
        { type: "object", properties: { a: null } },
        { type: "object", properties: { a: { type: "numbr" } } },
        { type: "object", properties: { a: { enum: "yes" } } },
        { type: "object", properties: { a: { minLength: "99" } } },
        { type: "object", required: "b" },
        { type: "objekt" },
      ])("pass under an invalid schema, because the server of the tool checks them: %j", async (schema) => {
        expect(await schemas.faultOf(schema)).not.toBeNull();
        expect(await schemas.checkArguments(schema, { a: "no number" })).toBeNull();
      });

      it("are checked under a valid schema", async () => {
        expect(await schemas.checkArguments({ type: "object", required: ["a"] }, {})).toMatch(mentions("a is missing"));
      });

      it("may leave out a name that every object inherits", async () => {
        for (const name of ["constructor", "toString", "valueOf", "hasOwnProperty"]) {
          const schema = { type: "object", properties: JSON.parse(`{"${name}":{"type":"string"},"a":{}}`) };
          expect(await schemas.checkArguments(schema, { a: 1 })).toBeNull();
          expect(await schemas.checkArguments(schema, JSON.parse(`{"${name}":5}`))).toMatch(mentions(name, "string"));
          expect(await schemas.checkArguments({ ...schema, required: [name] }, { a: 1 })).toMatch(mentions(name));
        }
      });

      it.each([
        [{ oneOf: [{ pattern: "^https:" }, { pattern: "^mailto:" }] }, "https://example.test", "ftp:x"],
        [{ not: { pattern: "^-" } }, "a", "-a"],
        [{ if: { pattern: "^\\d+$" }, else: { maxLength: 3 } }, "12345", "abcde"],
        [{ items: {}, contains: { pattern: "^a" }, maxContains: 1 }, ["a", "b"], ["a", "aa"]],
        [{ propertyNames: { not: { pattern: "^_" } } }, { a: 1 }, { _a: 1 }],
        [{ propertyNames: { pattern: "^[a-z]+$" } }, { a: 1 }, { A: 1 }],
        [{ pattern: "^(?!-)[a-z-]+$" }, "a-b", "-a"], // no linear engine takes this one
      ])("are checked with patterns wherever they stand: %j", async (schema, good, bad) => {
        const tool = { type: "object", properties: { a: schema } };
        expect(await schemas.checkArguments(tool, { a: good })).toBeNull();
        expect(await schemas.checkArguments(tool, { a: bad })).toMatch(mentions("do not fit"));
      });

      const FOREIGN = "(?P<year>\\d{4})(?i)"; // of another language

      it.each([
        { pattern: FOREIGN },
        { not: { pattern: FOREIGN } },
        { oneOf: [{ pattern: FOREIGN }, { maxLength: 9 }] },
        { if: { pattern: FOREIGN }, else: false },
        { contains: { pattern: FOREIGN }, maxContains: 0 },
        { propertyNames: { not: { pattern: FOREIGN } } },
        { patternProperties: { [FOREIGN]: {} }, additionalProperties: false },
      ])("pass where only a pattern that is unknown here could refuse them: %j", async (schema) => {
        const tool = { type: "object", properties: { a: schema, n: { type: "number" } } };
        for (const a of ["text", ["text"], { text: 1 }]) expect(await schemas.checkArguments(tool, { a })).toBeNull();
        expect(await schemas.checkArguments(tool, { n: "one" })).toMatch(mentions("n", "number")); // the rest is checked
      });

      it.each(['{"__proto__":1}', '{"a":[{"__proto__":{}}]}'])(
        "are refused with a name that libraries drop: %s",
        async (json) => {
          expect(await schemas.checkArguments({ type: "object" }, JSON.parse(json))).toMatch(mentions("__proto__"));
        },
      );

      it("are refused where they are nested without end", async () => {
        const deep = JSON.parse(`${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`);
        expect(await schemas.checkArguments({ type: "object" }, deep)).toMatch(mentions("nested"));
        expect(await schemas.check(true, deep)).toMatch(mentions("nested"));
        expect(await schemas.faultOf(deep)).toMatch(mentions("nested"));
      });

      it("may have names that only a pattern allows", async () => {
        const byPattern = { type: "object", patternProperties: { "^x-": {} }, additionalProperties: false };
        expect(await schemas.checkArguments(byPattern, { "x-own": 1 })).toBeNull();
        expect(await schemas.checkArguments({ type: "object", additionalProperties: false }, { a: 1 })).not.toBeNull();
      });

      it("may be called pattern, and are checked then like any other", async () => {
        const schema = { type: "object", properties: { pattern: { type: "string" } }, required: ["pattern"] };
        expect(await schemas.checkArguments(schema, { pattern: "*.ts" })).toBeNull();
        expect(await schemas.checkArguments(schema, { pattern: 5 })).toMatch(mentions("pattern", "string"));
        const listed = { type: "object", properties: { a: { enum: [{ pattern: "x" }] } } };
        expect(await schemas.checkArguments(listed, { a: { pattern: "x" } })).toBeNull();
        expect(await schemas.checkArguments(listed, { a: {} })).not.toBeNull();
      });
    });
  });
}
