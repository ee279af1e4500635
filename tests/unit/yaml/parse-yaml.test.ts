/** YAML files: every error names its place, and no file can block or mislead the process. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ConfigError } from "../../../src/core/errors.js";
import { parseYaml } from "../../../src/yaml/parse-yaml.js";
import { AT_ONCE_MS } from "../../support/in-time.js";
import { mentions } from "../../support/mentions.js";

const Config = z.strictObject({
  provider: z.enum(["gemini", "rehearsal"]).optional(),
  limits: z.strictObject({ max_turns: z.int().min(1).optional(), timeout_seconds: z.number().optional() }).optional(),
  servers: z
    .record(
      z.string().regex(/^[a-z]+$/, "a server name is of a to z"),
      z.strictObject({ command: z.string(), env: z.record(z.string(), z.string()).optional() }),
    )
    .optional(),
  tools: z.array(z.string().min(1, "an empty pattern")).optional(),
});
const Anything = z.unknown();

function read(text: string | Uint8Array, schema: z.ZodType = Config): unknown {
  return parseYaml(typeof text === "string" ? new TextEncoder().encode(text) : text, "c.yaml", schema);
}

function faultOf(text: string | Uint8Array, schema: z.ZodType = Config): string {
  try {
    read(text, schema);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error(`nothing was found wrong with ${String(text).slice(0, 80)}`);
}

describe("a file", () => {
  it.each([
    "",
    "\n",
    "   \n",
    "# only a comment",
    "# one\n\n  # two\n",
    "---\n",
    "---",
    "--- # begins\n",
    "~\n",
    "null\n",
    "---\n...\n",
  ])("without content is an empty map: %j", (text) => {
    expect(read(text)).toEqual({});
  });

  it.each([
    ["provider: gemini\n", { provider: "gemini" }],
    ["\ufeffprovider: gemini\n", { provider: "gemini" }],
    ["# mine\r\nlimits:\r\n  max_turns: 3\r\n", { limits: { max_turns: 3 } }],
    ['{"provider": "gemini", "tools": ["a"]}', { provider: "gemini", tools: ["a"] }],
    ["a: &a { command: x }\n", null],
    ["servers:\n  a: &a { command: x }\n  b: *a\n", { servers: { a: { command: "x" }, b: { command: "x" } } }],
  ])("%j is read", (text, expected) => {
    if (expected === null) expect(faultOf(text)).toMatch(mentions('"a"', "key"));
    else expect(read(text)).toEqual(expected);
  });

  it.each([
    ["provder: gemini\n", ["c.yaml:1:1", "provder", "provider"]],
    ["# a\n\nlimits:\n  max_turn: 3\n", ["c.yaml:4:3", "limits", "max_turn", "max_turns"]],
    ["limits: { max_turns: 3, zebra: 1 }\n", ["c.yaml:1:25", "limits", "zebra"]],
    ["servers:\n  a:\n    comand: x\n", ["c.yaml:3:5", "servers.a", "comand", "command"]],
    ["servers:\n  a: &a\n    command: x\n  b: *a\n  c:\n    commnd: x\n", ["c.yaml:6:5", "servers.c", "commnd"]],
    ["limits:\r\n  max_turn: 3\r\n", ["c.yaml:2:3", "max_turn"]],
    ["limits:\n  max_turns: many\n", ["c.yaml:2:3", "limits.max_turns", "number", "string"]],
    ["servers:\n  a: { env: { X: y } }\n", ["c.yaml:2:3", "servers.a.command", "string"]],
    ["tools:\n  - read\n  - 5\n", ["c.yaml:3:5", "tools.1", "string", "number"]],
    ["tools: [a, {b: 1}]\n", ["c.yaml:1:12", "tools.1", "string", "object"]],
    ["provider: gemni\n", ["c.yaml:1:1", "provider", "gemini"]],
    ["- a\n", ["c.yaml:1:1", "object", "array"]],
    ["hello\n", ["c.yaml:1:1", "object", "string"]],
    ["servers:\n  B2: { command: x }\n", ["c.yaml:2:3", "servers.B2", "a server name is of a to z"]],
    ["provider: gemini\nprovider: rehearsal\n", ["c.yaml:2:1", "YAML", "duplicated"]],
    ["limits:\n  max_turns: 1\n  max_turns: 2\n", ["c.yaml:3:3", "YAML", "duplicated"]],
    ["limits:\n\tmax_turns: 1\n", ["c.yaml:2:1", "YAML", "tab"]],
    ["provider: 'gemini\n", ["c.yaml:2:1", "YAML"]],
    ["tools: !!js/function 'x'\n", ["c.yaml:1:8", "YAML", "tag"]],
    ["tools: *nobody\n", ["c.yaml:1:9", "YAML", "alias"]],
  ])("%j is refused with its place", (text, words) => {
    expect(faultOf(text)).toMatch(mentions(...words));
  });

  it("of several documents is refused", () => {
    expect(faultOf("provider: gemini\n---\nprovider: rehearsal\n")).toMatch(mentions("c.yaml", "YAML", "document"));
  });

  it("that is not text, or too large, is refused with its name", () => {
    expect(faultOf(new Uint8Array([0x61, 0x3a, 0x20, 0xff, 0xfe]))).toMatch(mentions("c.yaml", "UTF-8"));
    expect(faultOf(new Uint8Array([0xc3, 0x28]))).toMatch(mentions("c.yaml", "UTF-8"));
    expect(faultOf(`# ${"x".repeat(2_000_000)}\n`)).toMatch(mentions("c.yaml", "1000000"));
  });
});

describe("a hostile file", () => {
  /** Fails where reading takes longer than anybody would wait. */
  function quickly(text: string): string {
    const begun = performance.now();
    let message = "read";
    try {
      read(text, Anything);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(performance.now() - begun).toBeLessThan(AT_ONCE_MS);
    return message;
  }

  it("with an alias bomb is refused before it unfolds", () => {
    const level = (index: number) =>
      `a${index}: &a${index} [${Array(9)
        .fill(`*a${index - 1}`)
        .join(", ")}]\n`;
    const bomb = `a0: &a0 [x, x]\n${Array.from({ length: 8 }, (_, index) => level(index + 1)).join("")}`;
    expect(quickly(bomb)).toMatch(/^c\.yaml:\d+:\d+: .*aliases/);
    const doubling = Array.from(
      { length: 10 },
      (_, index) => `b${index + 1}: &b${index + 1} [*b${index}, *b${index}]\n`,
    );
    expect(quickly(`b0: &b0 [x]\n${doubling.join("")}`)).toBe("read"); // as many aliases as are allowed
  });

  it("with very deep nesting is refused", () => {
    expect(quickly("[".repeat(400_000))).toMatch(/^c\.yaml:1:\d+: .*nesting/);
    expect(quickly("{a: ".repeat(60) + "}".repeat(60))).toMatch(/^c\.yaml:\d+:\d+: .*nesting/);
    const nested = Array.from({ length: 100 }, (_, index) => `${" ".repeat(index)}a:\n`).join("");
    expect(quickly(nested)).toMatch(/^c\.yaml:\d+:\d+: .*nesting/);
  });

  it.each([
    ["a banner of hashes", `${"#".repeat(26)}\nprovider: gemini\n`],
    ["blanks behind a comment", `#${" ".repeat(20_000)}x\nprovider: gemini\n`],
    ["very many comments", `${"# a\n".repeat(20_000)}provider: gemini\n`],
    ["very many empty lines", `${"\n".repeat(100_000)}provider: gemini\n`],
    ["a very long line", `provider: ${"x".repeat(900_000)}\n`],
    ["very many keys", Array.from({ length: 20_000 }, (_, index) => `k${index}: 1\n`).join("")],
  ])("with %s is read in bounded time", (_what, text) => {
    expect(quickly(text)).toBe("read");
  });

  it("cannot reach a prototype", () => {
    expect(faultOf("__proto__:\n  provider: gemini\n")).toMatch(mentions("c.yaml:1:1", "__proto__"));
    expect(faultOf("constructor: { prototype: { polluted: 1 } }\n")).toMatch(mentions("c.yaml:1:1", "constructor"));
    expect(faultOf("servers:\n  constructor: { prototype: 1 }\n")).toContain("c.yaml:2:18: ");
    expect({}).not.toHaveProperty("polluted");
    expect(read('servers: { a: { command: x, env: { toString: "y" } } }')).toEqual({
      servers: { a: { command: "x", env: { toString: "y" } } },
    });
  });

  it("is refused where it has the key of a prototype among free keys", () => {
    expect(faultOf("servers:\n  __proto__: { command: x }\n")).toContain("__proto__");
    expect(faultOf("servers:\n  a:\n    command: x\n    env: { __proto__: y }\n")).toContain("__proto__");
  });
});
