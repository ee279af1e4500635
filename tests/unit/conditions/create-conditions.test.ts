/** Conditions: they mean what their authors write, and none can hang or escape. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createConditions } from "../../../src/conditions/create-conditions.js";
import { rewriteWords } from "../../../src/conditions/rewrite-words.js";
import type { Facts } from "../../../src/core/workflow/facts.js";
import { createProjectPath } from "../../../src/files/project-path.js";
import { AT_ONCE_MS } from "../../support/in-time.js";
import { mentions } from "../../support/mentions.js";

const conditions = createConditions(createProjectPath(process.cwd()));

const FACTS: Facts = {
  tool: "workspace__write_file",
  server: "workspace",
  args: {
    path: "src/main.ts",
    size: 3,
    share: 0.5,
    big: 2 ** 60,
    tags: ["a", "b"],
    edits: [{ old: "x", new: "y" }],
    "with space": 1,
    constructor: "own",
  },
  tool_result: { is_error: false, text: "3 tests passed", made: true },
  step: "work",
  step_action_count: 2,
  total_action_count: 5,
  turn: 4,
  pending_runs: 1,
  started_runs: 2,
  variables: { done: true, tries: 3, score: 2.5, plan: null, name: "Ada", list: [1, 2], or: 1, map: { a: { b: 7 } } },
  run: { id: "run_1", depth: 1, agent: "default", model: "m" },
  called: new Set(["workspace__write_file", "github__search"]),
  succeeded: new Set(["workspace__write_file"]),
  outputs: { seen: { text: "3 tests passed", is_error: false, made: true } },
  calledInStep: new Set(["workspace__write_file"]),
  succeededInStep: new Set(),
  reports: [
    { agent: "reviewer", workflow: "review", data: { verdict: "good", rounds: 2 } },
    { agent: "reviewer", workflow: null, data: { verdict: "broken" } },
  ],
};

function value(text: string, facts: Partial<Facts> = {}): boolean | string {
  const verdict = conditions.evaluate(text, { ...FACTS, ...facts });
  return verdict.kind === "failed" ? `error: ${verdict.error}` : verdict.kind === "true";
}

function fault(text: string): string {
  const result = conditions.compile(text);
  if (result.kind !== "fault") throw new Error(`nothing was found wrong with ${text}`);
  return result.fault;
}

describe("a condition of an author", () => {
  it.each([
    'tool == "workspace__write_file"',
    "tool == 'workspace__write_file'",
    'server == "workspace" and args.path.startsWith("src/")',
    'args.path.endsWith(".ts") && !args.path.contains("..")',
    'args["path"] == "src/main.ts"',
    'args["with space"] == 1',
    "args.size == 3",
    "args.size + 1 > 3",
    "args.size + 0.5 == 3.5",
    "args.share * 2 == 1",
    "args.share + 1 > 1.4",
    "1 - args.share == 0.5",
    "args.share < 1",
    "args.size / 2 == 1",
    "args.size / 2.0 == 1.5",
    "args.size % 2 == 1",
    "args.big > 1000000",
    'args.tags == ["a", "b"]',
    '"a" in args.tags',
    "args.tags.size() == 2",
    "size(args.tags) == 2",
    'args.edits[0].old == "x"',
    'args.tags[1] == "b"',
    "args.missing == null",
    'args.missing != "x"',
    'tool_result.text.contains("passed")',
    "not tool_result.is_error",
    "variables.done",
    "variables.tries >= 3",
    "variables.tries == 3.0",
    "variables.score > 2",
    "variables.score == 2.5",
    "variables.plan == null",
    "variables.unheard_of == null",
    'variables.name + "!" == "Ada!"',
    "variables.map.a.b == 7",
    'variables["tries"] == 3',
    "2 in variables.list",
    "variables.or == 1",
    "step == 'work' and step_action_count == 2 and total_action_count > 4 and turn < 5",
    'run.agent == "default" and run.depth == 1',
    'tool_succeeded("workspace__write_file")',
    'tool_succeeded("write_file")',
    'tool_succeeded("workspace__*")',
    'tool_called("github__*")',
    'not tool_succeeded("github__*")',
    "true",
    "variables.tries > 2 ? true : false",
    'tool in ["workspace__write_file", "workspace__edit_file"]',
    'string(variables.tries) == "3"',
    'int("4") > variables.tries',
    'variables.name.lowerAscii() == "ada" // whoever she is',
  ])("%s holds", (text) => {
    expect(conditions.compile(text).kind).toBe("compiled");
    expect(value(text)).toBe(true);
  });

  it("lists its variables and tools", () => {
    const text = 'variables.a == 1 and (variables["b"] or tool_called("x__*")) and tool_succeeded("y")';
    expect(conditions.compile(text)).toMatchObject({
      kind: "compiled",
      variables: ["a", "b"],
      tools: ["x__*", "y"],
      looksAtCalls: true,
      constant: null,
    });
    expect(conditions.compile("turn > 3")).toMatchObject({ looksAtCalls: false });
    expect(conditions.compile("step_action_count > 3")).toMatchObject({ looksAtCalls: true });
  });

  it.each([
    ["true", true],
    ["1 > 2", false],
    ['"a" == "a" or variables.done', true],
    ["variables.done and false", false],
    ["not (variables.done and false)", true],
    ["variables.done or false", null],
    ["turn > 3 ? true : true", true],
    ["true ? turn > 3 : false", null],
    ['tool_called("x")', null],
  ])("%s is always %s", (text, constant) => {
    expect(conditions.compile(text)).toHaveProperty("constant", constant);
  });
});

describe("and, or and not", () => {
  it.each([
    // `not` takes a comparison whole, and binds tighter than `and`, which binds tighter than `or`.
    ["not turn == 5", true],
    ["not turn == 4", false],
    ["not variables.done or true", true],
    ["not (variables.done or true)", false],
    ["not variables.done and false", false],
    ["not not variables.done", true],
    ["true or false and false", true],
    ["(true or false) and false", false],
    ['not tool in ["a", "b"]', true],
    ['not tool_succeeded("a") and not tool_succeeded("b")', true],
    ["turn == 4 ? not variables.done : true", false],
    ["[not variables.done, true][0]", false],
    ["not[false][0]", true],
    ["variables.done and\n  not\n  turn == 7 // and nothing else", true],
    ["not turn == 7 // )", true],
    ["variables.done == not false", true],
  ])("%s is %s", (text, expected) => {
    expect(value(text)).toBe(expected);
  });

  it.each([
    ['variables.name == "this and that or not"', 'variables.name == "this and that or not"'],
    ["'a and b' == 'it\\'s and'", "'a and b' == 'it\\'s and'"],
    ['r"\\" and true', 'r"\\" && true'],
    ['"""a " and \n or""" == tool', '"""a " and \n or""" == tool'],
    ["'''a ' or''' or x", "'''a ' or''' || x"],
    ["variables.not", "variables.not"],
    ["variables . or", "variables . or"],
    ["android or north", "android || north"],
    ["a // and b\nand c", "a  \n&& c"],
    ['"never ends and', '"never ends and'],
  ])("%s is read as %s", (text, expected) => {
    expect(rewriteWords(text)).toBe(expected);
  });

  it("leaves quoted texts as they are", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const quoted = JSON.stringify(text);
        expect(rewriteWords(`${quoted} and tool`)).toBe(`${quoted} && tool`);
      }),
    );
  });

  it("agrees with JavaScript on any mixture", () => {
    const atom = fc.constantFrom("true", "false", "turn == 4", "turn == 5");
    const { tree } = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        atom,
        fc.tuple(tie("tree"), fc.constantFrom(" and ", " or "), tie("tree")).map((parts) => parts.join("")),
        tie("tree").map((inner) => `not ${inner}`),
        tie("tree").map((inner) => `(${inner})`),
      ),
    }));
    fc.assert(
      fc.property(tree, (text) => {
        fc.pre(text.length < 300);
        const script = text
          .replaceAll("turn == 4", "true")
          .replaceAll("turn == 5", "false")
          .replaceAll("and", "&&")
          .replaceAll("or", "||")
          .replaceAll("not", "!");
        expect(value(text)).toBe(new Function(`return ${script}`)());
      }),
    );
  });
});

describe("a condition that is refused when its file is read", () => {
  it.each([
    ["", ["empty"]],
    ["  ", ["empty"]],
    ["tol == 1", ["name", '"tol"', '"tool"']],
    ["tool_name == 1", ['"tool"']],
    ["foo", ["foo", "tool", "server", "run"]],
    ["tool = 'x'", ['"=="']],
    ["tool == ", ["Unexpected token: EOF"]],
    ["(turn > 3", ["Expected RPAREN"]],
    ["turn > 3 3", ["Unexpected character"]],
    ["turn > 'x", ["Unterminated string"]],
    ["1", ["int"]],
    ["turn + 1", ["turn + 1", "true"]],
    ["tool", ["tool", "true"]],
    ["variables.done and step", ["step", "true"]],
    ["not run.depth", ["run.depth", "true"]],
    ['"yes"', ["string"]],
    ["[true]", ["[true]", "false"]],
    ["1 < turn < 9", ["no such overload"]],
    ["'a' + 1 == 'a1'", ["no such overload: string + int"]],
    ["1 / 0 == 1", ["evaluated"]],
    ['args.path.matches("(a+)+$")', ["matches", "contains"]],
    ['matches(args.path, "a")', ["matches", "contains"]],
    ["args.tags.all(x, x == 1)", ["loops"]],
    ["args.tags.exists(x, x == 1)", ["loops"]],
    ["args.tags.exists_one(x, x == 1)", ["loops"]],
    ["args.tags.filter(x, true).size() > 0", ["loops"]],
    ["args.tags.map(x, x).size() > 0", ["loops"]],
    ["has(args.path)", ["null"]],
    ["variables.get('x') == 1", ["variables.name"]],
    ["len(args.tags) > 1", ["size"]],
    ["variables", ["variables", "value"]],
    ['"x" in variables', ["variables", "value"]],
    ["variables[tool] == 1", ["variables", "value"]],
    ["args == {}", ["args", "value"]],
    ["tool_result == null", []],
    ["tool_result.error", ["tool_result", '"error"', "is_error", "text"]],
    ["run.name == 1", ["run", '"name"', "id", "depth", "agent", "model"]],
    ["run.agnt == 1", ["run", '"agnt"', '"agent"']],
    ["tool.name == 1", ["tool", '"name"', "value"]],
    ["tool_succeeded(tool)", ["tool_succeeded", "quotes"]],
    ["tool_succeeded()", ["tool_succeeded", "quotes"]],
    ['tool_succeeded("a b")', ["a b", "pattern"]],
    ["tool_succeded('a')", ["function", '"tool_succeded"', '"tool_succeeded"']],
    ['timestamp("2026-01-01T00:00:00Z") == null', ["function", '"timestamp"']],
    ['b"x" == b"x"', ["bytes"]],
    ["type(turn) == int", ["function", '"type"']],
    ["google == null", ["name", '"google"']],
    ["__proto__ == null", []],
    ["constructor == null", ["name", '"constructor"']],
    ['(args.a + args.b).contains("x")', ["contains", "joined"]],
    [`turn == ${"1".repeat(3000)}`, ["2000", "characters"]],
  ])("%s", (text, expected) => {
    expect(fault(text)).toMatch(mentions(...expected));
    expect(conditions.evaluate(text, FACTS)).toHaveProperty("error");
  });
});

describe("a condition that would hang", () => {
  it.each([
    ["nesting", `${"(".repeat(900)}true${")".repeat(900)}`],
    ["nots", `${"not ".repeat(400)}true`],
    ["exclamation marks", `${"!".repeat(1900)}true`],
    ["minus signs", `${"-".repeat(1900)}1 == 1`],
    ["lists", `turn in [${"1,".repeat(900)}1]`],
    ["nested lists", `${"[".repeat(900)}1${"]".repeat(900)} == []`],
    ["a chain", `true${" and true".repeat(200)}`],
    ["members", `args${".a".repeat(900)} == 1`],
    ["an open text", `"${"a\\".repeat(900)}`],
    ["half quotes", `'''${"''".repeat(900)}`],
  ])("%s are refused at once", (_, text) => {
    const start = performance.now();
    expect(conditions.compile(text).kind).toBe("fault");
    expect(performance.now() - start).toBeLessThan(AT_ONCE_MS);
  });

  it("reads large facts only as far as needed, in bounded time", () => {
    const huge = "a".repeat(5_000_000);
    const args = { path: "x", content: huge, half: `${"a".repeat(900_000)}`, list: Array(100_000).fill(1) };
    const start = performance.now();
    expect(value('args.path == "x"', { args })).toBe(true);
    expect(value('args.content.contains("b")', { args })).toMatch(mentions("error", "args.content"));
    expect(value('args.half.contains("b")', { args })).toBe(false);
    expect(value("args.half.contains(args.path)", { args })).toMatch(mentions("error", "10000", "characters"));
    expect(value("1 in args.list", { args })).toMatch(mentions("error", "args.list"));
    expect(performance.now() - start).toBeLessThan(AT_ONCE_MS);
  });

  it("searches for one fact in another in bounded time", () => {
    const args = { text: "a".repeat(10_000), find: `b${"a".repeat(5_000)}` };
    const text = Array(30).fill("args.text.contains(args.find)").join(" or ");
    const start = performance.now();
    expect(value(text, { args })).toBe(false);
    expect(performance.now() - start).toBeLessThan(AT_ONCE_MS);
  });

  it("refuses a fact with too deep nesting", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 10_000; level++) deep = [deep];
    expect(value("args.deep == []", { args: { deep } })).toMatch(mentions("error", "args.deep"));
  });
});

describe("the evaluation in a run", () => {
  it.each([
    ["variables.plan", ["null", "true"]],
    ["variables.name", ["string"]],
    ["variables.tries", ["bigint"]],
    ["variables.plan > 3", ["no such overload"]],
    ["variables.plan and true", ["bool operands"]],
    ["args.edits[4].old == 1", ["out of bounds"]],
    ["args.path.a == 1", ["No such key"]],
    ["args.path + 1 == 2", ["no such overload"]],
    ["variables.tries / 0 == 1", ["division by zero"]],
    ["9223372036854775807 + variables.tries > 0", ["overflow"]],
  ])("%s is an error and throws no exception", (text, expected) => {
    expect(value(text)).toMatch(mentions("error", ...expected));
  });

  it("has null for the call before the first call", () => {
    const none = { tool: null, server: null, args: {}, tool_result: null };
    expect(value("tool == null and args.path == null", none)).toBe(true);
    expect(value('tool == "x" and not tool_result.is_error', none)).toBe(false);
    expect(value("not tool_result.is_error", none)).toContain("error: ");
  });

  it.each(["constructor", "toString", "hasOwnProperty", "valueOf", "prototype"])(
    "finds no %s that is not in the facts",
    (name) => {
      for (const text of [`variables.${name} == null`, `variables["${name}"] == null`, `args.map.${name} == null`]) {
        const result = value(text, { args: { map: {} }, variables: {} });
        expect(result === true || String(result).startsWith("error: ")).toBe(true);
      }
    },
  );

  it("treats every key as a key, also one of a prototype", () => {
    expect(value('args.constructor == "own"')).toBe(true);
    const args = JSON.parse('{"__proto__": {"admin": true}}') as Record<string, unknown>;
    expect(value("args.admin == null", { args })).toBe(true);
    expect(value('args["__proto__"].admin == true', { args })).toBe(true);
  });

  it("never throws, and gives the same answer for the same facts", () => {
    const texts = [
      "args.a == variables.b",
      "args.a in args.b",
      'args.a.contains("x")',
      "args.a + args.b > 3",
      "args.a[0] == null",
      "args.a or args.b",
      "not args.a",
      "size(args.a) > 1",
      "args.a < args.b",
    ];
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.jsonValue(), fc.jsonValue(), (text, a, b) => {
        const facts = { ...FACTS, args: { a, b }, variables: {} };
        const verdict = conditions.evaluate(text, facts);
        expect(verdict.kind).toMatch(/^(true|false|failed)$/);
        expect(conditions.evaluate(text, facts)).toEqual(verdict);
      }),
    );
  });

  it("does not change the facts", () => {
    const args = Object.freeze({ list: Object.freeze([3, 1, 2]) });
    expect(value("args.list + [4] == [3, 1, 2, 4]", { args })).toBe(true);
  });

  it("is fast enough for every call of a run", () => {
    const text = 'tool == "workspace__write_file" and variables.tries < 5 and tool_succeeded("write_file")';
    value(text);
    const start = performance.now();
    for (let round = 0; round < 10_000; round++) value(text);
    expect(performance.now() - start).toBeLessThan(AT_ONCE_MS);
  });
});
