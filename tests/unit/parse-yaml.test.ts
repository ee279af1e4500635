/** YAML files: every complaint names its place, and no file can hold up or mislead the process. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ConfigError } from "../../src/core/errors.js";
import { parseYaml } from "../../src/yaml/parse-yaml.js";

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
  ])("without content is an empty one: %j", (text) => {
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
    if (expected === null) expect(faultOf(text)).toContain('unknown key "a"');
    else expect(read(text)).toEqual(expected);
  });

  it.each([
    ["provder: gemini\n", 'c.yaml:1:1: unknown key "provder"; did you mean "provider"?'],
    ["# a\n\nlimits:\n  max_turn: 3\n", 'c.yaml:4:3: unknown key "max_turn" in limits; did you mean "max_turns"?'],
    ["limits: { max_turns: 3, zebra: 1 }\n", 'c.yaml:1:25: unknown key "zebra" in limits'],
    ["servers:\n  a:\n    comand: x\n", 'c.yaml:3:5: unknown key "comand" in servers.a; did you mean "command"?'],
    [
      "servers:\n  a: &a\n    command: x\n  b: *a\n  c:\n    commnd: x\n",
      'c.yaml:6:5: unknown key "commnd" in servers.c',
    ],
    ["limits:\r\n  max_turn: 3\r\n", 'c.yaml:2:3: unknown key "max_turn"'],
    ["limits:\n  max_turns: many\n", "c.yaml:2:3: limits.max_turns has to be a number, not a string"],
    ["servers:\n  a: { env: { X: y } }\n", "c.yaml:2:3: servers.a.command is missing: give a string"],
    ["tools:\n  - read\n  - 5\n", "c.yaml:3:5: tools.1 has to be a string, not a"],
    ["tools: [a, {b: 1}]\n", "c.yaml:1:12: tools.1 has to be a string, not a"],
    ["provider: gemni\n", "c.yaml:1:1: provider has to be "],
    ["- a\n", "c.yaml:1:1: the file has to be an object, not a"],
    ["hello\n", "c.yaml:1:1: the file has to be an object, not a"],
    ["servers:\n  B2: { command: x }\n", "c.yaml:2:3: servers.B2: a server name is of a to z"],
    ["provider: gemini\nprovider: rehearsal\n", "c.yaml:2:1: not valid YAML: duplicated mapping key"],
    ["limits:\n  max_turns: 1\n  max_turns: 2\n", "c.yaml:3:3: not valid YAML: duplicated mapping key"],
    ["limits:\n\tmax_turns: 1\n", "c.yaml:2:1: not valid YAML: tab"],
    ["provider: 'gemini\n", "c.yaml:2:1: not valid YAML: "],
    ["tools: !!js/function 'x'\n", "c.yaml:1:8: not valid YAML: unknown scalar tag"],
    ["tools: *nobody\n", "c.yaml:1:9: not valid YAML: unidentified alias"],
  ])("%j is refused with its place", (text, message) => {
    expect(faultOf(text)).toContain(message);
  });

  it("of several documents is refused", () => {
    expect(faultOf("provider: gemini\n---\nprovider: rehearsal\n")).toMatch(
      /^c\.yaml.*: not valid YAML: .*single document/,
    );
  });

  it("that is no text, or too large, is refused by name", () => {
    expect(faultOf(new Uint8Array([0x61, 0x3a, 0x20, 0xff, 0xfe]))).toBe("c.yaml: not UTF-8 text");
    expect(faultOf(new Uint8Array([0xc3, 0x28]))).toBe("c.yaml: not UTF-8 text");
    expect(faultOf(`# ${"x".repeat(2_000_000)}\n`)).toBe("c.yaml: larger than 1000000 bytes");
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
    expect(performance.now() - begun).toBeLessThan(5_000);
    return message;
  }

  it("with an alias bomb is refused before it unfolds", () => {
    const level = (index: number) =>
      `a${index}: &a${index} [${Array(9)
        .fill(`*a${index - 1}`)
        .join(", ")}]\n`;
    const bomb = `a0: &a0 [x, x]\n${Array.from({ length: 8 }, (_, index) => level(index + 1)).join("")}`;
    expect(quickly(bomb)).toMatch(/^c\.yaml:\d+:\d+: not valid YAML: aliases exceeded/);
    const doubling = Array.from(
      { length: 10 },
      (_, index) => `b${index + 1}: &b${index + 1} [*b${index}, *b${index}]\n`,
    );
    expect(quickly(`b0: &b0 [x]\n${doubling.join("")}`)).toBe("read"); // as many aliases as are allowed
  });

  it("that is endlessly deep is refused", () => {
    expect(quickly("[".repeat(400_000))).toMatch(/^c\.yaml:1:\d+: not valid YAML: nesting exceeded/);
    expect(quickly("{a: ".repeat(60) + "}".repeat(60))).toMatch(/nesting exceeded/);
    const nested = Array.from({ length: 100 }, (_, index) => `${" ".repeat(index)}a:\n`).join("");
    expect(quickly(nested)).toMatch(/nesting exceeded/);
  });

  it.each([
    ["a banner of hashes", `${"#".repeat(26)}\nprovider: gemini\n`],
    ["blanks behind a comment", `#${" ".repeat(20_000)}x\nprovider: gemini\n`],
    ["very many comments", `${"# a\n".repeat(20_000)}provider: gemini\n`],
    ["very many empty lines", `${"\n".repeat(100_000)}provider: gemini\n`],
    ["a very long line", `provider: ${"x".repeat(900_000)}\n`],
    ["very many keys", Array.from({ length: 20_000 }, (_, index) => `k${index}: 1\n`).join("")],
  ])("with %s is read in no time", (_what, text) => {
    expect(quickly(text)).toBe("read");
  });

  it("cannot reach a prototype", () => {
    expect(faultOf("__proto__:\n  provider: gemini\n")).toContain('c.yaml:1:1: unknown key "__proto__"');
    expect(faultOf("constructor: { prototype: { polluted: 1 } }\n")).toContain('unknown key "constructor"');
    expect(faultOf("servers:\n  constructor: { prototype: 1 }\n")).toContain("c.yaml:2:18: ");
    expect({}).not.toHaveProperty("polluted");
    expect(read('servers: { a: { command: x, env: { toString: "y" } } }')).toEqual({
      servers: { a: { command: "x", env: { toString: "y" } } },
    });
  });

  it("is not believed in silence where it names a prototype among free keys", () => {
    expect(faultOf("servers:\n  __proto__: { command: x }\n")).toContain("__proto__");
    expect(faultOf("servers:\n  a:\n    command: x\n    env: { __proto__: y }\n")).toContain("__proto__");
  });
});
