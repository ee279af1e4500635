/** Arguments as hosts send them: what becomes something else, and what stays for the check. */
import { describe, expect, it } from "vitest";
import { normaliseArguments } from "../../../src/server/normalise-arguments.js";

const SCHEMA = {
  type: "object",
  required: ["prompt"],
  properties: {
    prompt: { type: "string" },
    agent: { type: "string" },
    model: { type: "string" },
    mode: { type: "string", enum: ["any", "all"] },
    tools: { type: "array", items: { type: "string" } },
    context: { type: "array", items: { type: "string" } },
    variables: { type: "object" },
    max_turns: { type: "integer" },
    approve: { type: "boolean" },
    data: {},
  },
};
const normalised = (args: Record<string, unknown>) => normaliseArguments(args, SCHEMA);

describe("an argument in another form", () => {
  it.each([
    ["agent", null, undefined],
    ["agent", "", undefined],
    ["agent", " ", undefined],
    ["mode", "", undefined],
    ["tools", null, undefined],
    ["tools", "", undefined],
    ["variables", "", undefined],
    ["max_turns", null, undefined],
    ["mode", " all ", "all"],
    ["model", '["a", "b/c"]', ["a", "b/c"]],
    ["tools", '["read_only", "a__b"]', ["read_only", "a__b"]],
    ["tools", "read_only", ["read_only"]],
    ["tools", "read_only, a__*", ["read_only", "a__*"]],
    ["tools", '"read_only"', ["read_only"]],
    ["tools", "read_only,", ["read_only"]],
    ["context", "text:one, two", ["text:one, two"]],
    ["context", '["text:one, two"]', ["text:one, two"]],
    ["variables", '{"a": 1}', { a: 1 }],
    ["max_turns", "10", 10],
    ["max_turns", " 1.5 ", 1.5],
    ["approve", "true", true],
    ["approve", "False", false],
  ])("%s: %j is taken as %j", (name, value, meant) => {
    expect(normalised({ prompt: "p", [name]: value })).toEqual({
      prompt: "p",
      ...(meant === undefined ? {} : { [name]: meant }),
    });
  });
});

describe("an argument of no certain meaning stays as it is", () => {
  it.each([
    ["prompt", null],
    ["prompt", ""],
    ["prompt", "null"],
    ["title", " "],
    ["agent", 7],
    ["agent", ["a"]],
    ["model", "a, b"],
    ["model", "[a"],
    ["mode", "both"],
    ["variables", "a=1"],
    ["variables", "[1]"],
    ["max_turns", "ten"],
    ["max_turns", "10 s"],
    ["max_turns", "0x10"],
    ["approve", "yes"],
    ["approve", 1],
    ["data", null],
    ["data", ""],
    ["data", "[1]"],
    ["unknown", ""],
  ])("%s: %j", (name, value) => {
    expect(normalised({ [name]: value })).toEqual({ [name]: value });
  });

  it("also a pattern with commas inside parentheses", () => {
    expect(normalised({ tools: "Bash(git:*, npm:*)" })).toEqual({ tools: ["Bash(git:*, npm:*)"] });
  });
});
