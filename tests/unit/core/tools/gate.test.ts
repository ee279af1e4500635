/** The gate: blocks win, a tool needs a grant, and each verdict names its rule. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PatternSource, ToolPolicy } from "../../../../src/core/run/run.js";
import { idlePatterns, judgeCatalog, judgeTool, whyAllIdle } from "../../../../src/core/tools/gate.js";
import { type CatalogTool, type Effect, patternMatches, qualifiedName } from "../../../../src/core/tools/tool.js";
import { mentions } from "../../../support/mentions.js";

function toolOf(server: string, tool: string, effect: Effect = "effectful"): CatalogTool {
  return { name: qualifiedName(server, tool), server, tool, description: "", inputSchema: { type: "object" }, effect };
}
const from = (source: string, ...patterns: string[]): PatternSource => ({ patterns, from: source });
const policyOf = (allow: PatternSource, ...block: PatternSource[]): ToolPolicy => ({ allow: [allow], block });

const effect = fc.constantFrom<Effect>("read_only", "idempotent", "effectful");
const tool = fc
  .tuple(fc.constantFrom("s", "t"), fc.constantFrom("a", "ab", "b", "ba"), effect)
  .map((of) => toolOf(...of));
const pattern = fc.constantFrom("a", "b", "a*", "*b", "*", "s__*", "t__a", "s__ab", "*__b", "read_only", "c");
const patterns = fc.array(pattern, { maxLength: 4 });
const source = patterns.map((list) => from("somewhere", ...list));
const policy = fc.record({
  allow: fc.array(source, { minLength: 1, maxLength: 2 }),
  block: fc.array(source, { maxLength: 3 }),
});
const names = (list: readonly string[], judged: CatalogTool) =>
  list.some((given) => given !== "read_only" && patternMatches(given, judged));

describe("the gate", () => {
  const readFile = toolOf("workspace", "read_file", "read_only");
  const writeFile = toolOf("workspace", "write_file");

  it.each([
    [from("the call", "write_file"), writeFile, true, ["write_file", "tools", "the call"]],
    [from("the call", "read_file"), writeFile, false, ["tools", "the call"]],
    [from("the call"), readFile, false, ["tools", "the call"]],
    [from("the default", "read_only"), readFile, true, ["the default"]],
    [from("the default", "read_only"), writeFile, false, ["the default", "effectful"]],
  ])("names the rule: %j", (allow, judged, allowed, words) => {
    expect(judgeTool(policyOf(allow), judged)).toEqual({
      allowed,
      blocked: false,
      rule: expect.stringMatching(mentions(...words)),
    });
  });

  it("refuses a blocked tool, in any order of the patterns and for any grant", () => {
    fc.assert(
      fc.property(
        policy,
        tool,
        fc.constantFrom("a", "b", "*", "s__*", "*__b"),
        fc.nat(3),
        (given, judged, blocked, at) => {
          fc.pre(patternMatches(blocked, judged));
          const block = given.block.toSpliced(at, 0, from("the user", "c", blocked));
          const verdict = judgeTool({ allow: [from("the call", "*", "read_only", blocked)], block }, judged);
          expect(verdict.allowed).toBe(false);
          expect(verdict.rule).toMatch(mentions("blocked_tools"));
        },
      ),
    );
  });

  it("allows the same tools in any order of the sources and patterns", () => {
    fc.assert(
      fc.property(policy, tool, (given, judged) => {
        const turned = {
          allow: given.allow.map((one) => ({ ...one, patterns: one.patterns.toReversed() })).toReversed(),
          block: given.block.map((one) => ({ ...one, patterns: one.patterns.toReversed() })).toReversed(),
        };
        expect(judgeTool(turned, judged).allowed).toBe(judgeTool(given, judged).allowed);
      }),
    );
  });

  it("never allows a tool that one of the sources neither names nor covers by read_only", () => {
    fc.assert(
      fc.property(policy, tool, (given, judged) => {
        const covers = ({ patterns: list }: PatternSource) =>
          names(list, judged) || (list.includes("read_only") && judged.effect === "read_only");
        fc.pre(!given.allow.every(covers));
        expect(judgeTool(given, judged).allowed).toBe(false);
      }),
    );
  });

  it("allows a tool that every source grants and none blocks", () => {
    fc.assert(
      fc.property(policy, tool, (given, judged) => {
        fc.pre(given.allow.every((one) => names(one.patterns, judged)));
        fc.pre(!given.block.some((one) => one.patterns.includes("read_only") || names(one.patterns, judged)));
        expect(judgeTool(given, judged).allowed).toBe(true);
      }),
    );
  });

  it("judges each tool of a catalog once, as it judges a single tool", () => {
    fc.assert(
      fc.property(policy, fc.uniqueArray(tool, { selector: ({ name }) => name }), (given, tools) => {
        const rulings = judgeCatalog(given, tools);
        expect(rulings.flatMap((ruling) => ruling.tools).sort()).toEqual(tools.map(({ name }) => name).sort());
        for (const { tools: judged, ...verdict } of rulings)
          for (const one of tools.filter(({ name }) => judged.includes(name)))
            expect(judgeTool(given, one)).toEqual(verdict);
        const keys = rulings.map(({ rule, allowed }) => `${allowed} ${rule}`);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });

  it("names each pattern that matches no tool, and its place", () => {
    const given = policyOf(from("the call", "read_only", "read_fil", "*"), from("the file", "write_*", "gh__*"));
    expect(idlePatterns(given, [readFile, writeFile], { canSpawn: false, awaited: [] })).toEqual([
      expect.stringMatching(mentions('"read_fil"', "tools", "the call")),
      expect.stringMatching(mentions('"gh__*"', "blocked_tools", "the file")),
    ]);
  });

  it("names the servers that may still list a tool for a pattern", () => {
    const given = policyOf(from("the call", "gh__x", "spawn_agent", "Bash"));
    expect(idlePatterns(given, [readFile], { canSpawn: false, awaited: ["gh", "other"] })).toEqual([
      expect.stringMatching(/yet: gh may/),
      expect.stringMatching(mentions("spawn_agent", "built in", "max_depth")),
      expect.stringMatching(mentions("Bash", "no shell")),
    ]);
  });

  it("excuses a list that matches nothing by servers that may still come, and by failed ones that it names", () => {
    const idle = (pattern: string, state: "idle" | "failed") =>
      whyAllIdle([pattern], [{ name: "gh", listing: null, state }], false) !== null;
    const patterns = ["nobody", "gh__x", "gh__*", "other__x"];
    expect(patterns.map((one) => idle(one, "idle"))).toEqual([false, false, false, true]);
    expect(patterns.map((one) => idle(one, "failed"))).toEqual([true, false, false, true]);
  });
});
