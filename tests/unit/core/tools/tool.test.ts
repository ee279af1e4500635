/** Names of tools and the patterns that match them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isBuiltIn,
  patternFault,
  patternMatches,
  patternMayReach,
  qualifiedName,
} from "../../../../src/core/tools/tool.js";
import { AT_ONCE_MS } from "../../../support/in-time.js";
import { mentions } from "../../../support/mentions.js";

const LEGAL = /^[A-Za-z0-9_-]{1,64}$/;
const letters = (alphabet: string, options: { minLength?: number; maxLength: number }) =>
  fc.array(fc.constantFrom(...alphabet), options).map((parts) => parts.join(""));
/** Names that the configuration allows for a server. */
const server = letters("abAZ09-_", { minLength: 1, maxLength: 40 }).filter(
  (s) => !s.includes("__") && !s.endsWith("_"),
);
const anyTool = fc.oneof(fc.string({ unit: "binary", maxLength: 200 }), letters("ab_-./ é", { maxLength: 120 }));
const legalTool = letters("abcXYZ09_-", { minLength: 1, maxLength: 20 });
/** Built from few letters, so that patterns and texts often match; without `__`, so that it is a bare name. */
const starry = letters("ab*", { minLength: 1, maxLength: 10 });
const text = letters("ab", { minLength: 1, maxLength: 14 });

const named = (name: string, of: string) => ({ name: qualifiedName(of, name), server: of });

describe("a qualified name", () => {
  it.each([
    ["workspace", "read_file", "workspace__read_file"],
    ["s", "a".repeat(61), `s__${"a".repeat(61)}`],
  ])("of %s and %s is plain where it is legal", (of, tool, name) => {
    expect(qualifiedName(of, tool)).toBe(name);
  });

  it("always has at most 64 legal characters, is stable, and is never the name of a built-in tool", () => {
    fc.assert(
      fc.property(server, anyTool, (of, tool) => {
        const name = qualifiedName(of, tool);
        expect(name).toMatch(LEGAL);
        expect(qualifiedName(of, tool)).toBe(name);
        expect(name.startsWith(`${of}__`)).toBe(true);
        expect(isBuiltIn(name)).toBe(false);
      }),
    );
  });

  it("differs from all others where it was changed or shortened", () => {
    const names = ["a.b", "a b", "a/b", "a_b", "é".repeat(3), "è".repeat(3)].map((tool) => qualifiedName("s", tool));
    const long = ["x".repeat(80), "x".repeat(81), `${"x".repeat(80)}y`].map((tool) => qualifiedName("s", tool));
    expect(new Set([...names, ...long]).size).toBe(9);
    for (const name of long) expect(name).toHaveLength(64);
  });

  it("differs for another server or another tool", () => {
    fc.assert(
      fc.property(server, legalTool, server, legalTool, (of, tool, otherOf, otherTool) => {
        fc.pre(of !== otherOf || tool !== otherTool);
        expect(qualifiedName(of, tool)).not.toBe(qualifiedName(otherOf, otherTool));
      }),
    );
  });
});

describe("names of any server and tool", () => {
  const name = fc.oneof(
    letters("ab_-./ é\u{1F600}", { minLength: 1, maxLength: 200 }),
    fc.string({ minLength: 1 }),
    legalTool,
  );

  it("are legal and distinct for distinct pairs, also where both were changed or shortened", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(server, name), { selector: (pair) => pair.join("\0"), maxLength: 40 }),
        (pairs) => {
          const names = pairs.map(([of, tool]) => qualifiedName(of, tool));
          for (const made of names) expect(made).toMatch(LEGAL);
          expect(new Set(names).size).toBe(pairs.length);
        },
      ),
    );
  });
});

describe("a pattern", () => {
  it.each(["workspace__*", "*", "read_file", "gh__a-B_9", "**"])("may be %j", (pattern) => {
    expect(patternFault(pattern)).toBeNull();
  });

  it.each(["", " ", "a b", "gh/*", "a.b", "[ab]", "a?", "é", "a\n", "$(x)", "!a", "a,b"])(
    "may not be %j",
    (pattern) => {
      expect(patternFault(pattern)).toMatch(mentions(`"${pattern}"`, "pattern"));
    },
  );

  it("agrees with the equivalent regular expression", () => {
    fc.assert(
      fc.property(starry, text, (pattern, tool) => {
        const expected = new RegExp(`^${pattern.replaceAll(/\*+/g, ".*")}$`).test(tool);
        expect(patternMatches(pattern, named(tool, "s"))).toBe(expected);
        expect(patternMatches(`s__${pattern}`, named(tool, "s"))).toBe(expected);
        expect(patternMatches(`t__${pattern}`, named(tool, "s"))).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it("without a star matches one tool, and without a server that tool on any server", () => {
    expect(patternMatches("read", named("read", "a"))).toBe(true);
    expect(patternMatches("read", named("read", "b"))).toBe(true);
    expect(patternMatches("a__read", named("read", "b"))).toBe(false);
    expect(patternMatches("read", named("read_all", "a"))).toBe(false);
    expect(patternMatches("Read", named("read", "a"))).toBe(false);
  });

  it("takes the signs of regular expressions literally", () => {
    expect(patternMatches("a-b", named("a-b", "s"))).toBe(true);
    expect(patternMatches("a-b", named("b", "s"))).toBe(false);
    expect(patternMatches("[ab]", named("a", "s"))).toBe(false);
  });

  it("may match tools of every server on which it matches one", () => {
    const pattern = letters("ab*_", { minLength: 1, maxLength: 12 });
    const few = letters("ab_", { minLength: 1, maxLength: 4 }).filter((s) => !s.includes("__") && !s.endsWith("_"));
    fc.assert(
      fc.property(pattern, few, letters("ab_", { minLength: 1, maxLength: 6 }), (given, of, tool) => {
        if (patternMatches(given, named(tool, of))) expect(patternMayReach(given, of)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
    expect(patternMayReach("gh__*", "gitlab")).toBe(false);
    expect(patternMayReach("g*__list", "gitlab")).toBe(true);
    expect(patternMayReach("list", "anything")).toBe(true);
  });

  it("is judged in bounded time, however many stars it has", () => {
    const hostile = `${"*a".repeat(2_000)}*b`;
    const tool = { name: `s__${"a".repeat(20_000)}`, server: "s" };
    const begun = performance.now();
    expect(patternMatches(hostile, tool)).toBe(false);
    expect(patternMatches(`${"*a".repeat(2_000)}*`, tool)).toBe(true);
    expect(performance.now() - begun).toBeLessThan(AT_ONCE_MS);
  });
});
