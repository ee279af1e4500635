/** Spelling help: near words are named, far ones are not. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { didYouMean, didYouMeanLonger } from "../../../src/lib/nearest.js";
import { AT_ONCE_MS } from "../../support/in-time.js";

const KEYS = ["provider", "model", "mcpServers", "tools", "blocked_tools", "limits"];

/** The word that the help names, or null where there is none. */
function nearest(word: string, candidates: readonly string[]): string | null {
  return /"([\s\S]*)"/.exec(didYouMean(word, candidates))?.[1] ?? null;
}

describe("the nearest word", () => {
  it.each([
    ["provder", "provider"],
    ["Provider", "provider"],
    ["mcpservers", "mcpServers"],
    ["tool", "tools"],
    ["blocked_tool", "blocked_tools"],
    ["modle", "model"], // swapped neighbours are one edit
    ["mdoel", "model"],
    ["moles", null], // two edits in five letters
    ["limit", "limits"],
    ["banana", null],
    ["", null],
  ])("to %j is %j", (word, expected) => {
    expect(nearest(word, KEYS)).toBe(expected);
  });

  it("is always one of the candidates, the word itself where it is a candidate", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string({ minLength: 1 })), (word, candidates) => {
        const found = nearest(word, candidates);
        if (found !== null) expect(candidates).toContain(found);
        if (word !== "") expect(nearest(word, [...candidates, word])?.toLowerCase()).toBe(word.toLowerCase());
      }),
    );
  });

  it("is within a third of the word's length", () => {
    const letters = (length: number) => fc.array(fc.constantFrom("a", "b"), { minLength: 3, maxLength: length });
    fc.assert(
      fc.property(letters(12), letters(12), (word, candidate) => {
        const far = Math.abs(word.length - candidate.length) > Math.max(1, Math.floor(word.length / 3));
        if (far) expect(nearest(word.join(""), [candidate.join("")])).toBeNull();
      }),
    );
  });

  it("is the nearest of several", () => {
    expect(nearest("max_turn", ["max_time", "max_turns", "turns"])).toBe("max_turns");
    expect(nearest("limist", ["limit", "limits"])).not.toBeNull();
  });

  it("is found in bounded time for a word that is a whole page", () => {
    const begun = performance.now();
    expect(nearest("x".repeat(200_000), KEYS)).toBeNull();
    expect(performance.now() - begun).toBeLessThan(AT_ONCE_MS);
  });

  it("is named behind a semicolon, or not at all", () => {
    expect(didYouMean("provder", KEYS)).toMatch(/^; .*"provider"\?$/);
    expect(didYouMean("zzz", KEYS)).toBe("");
    expect(didYouMean("provder", [])).toBe("");
  });
});

it.each([
  ["rocket", "🚀 Rocket Launcher"],
  ["Rocket!", "🚀 Rocket Launcher"],
  ["front-end developer senior", "front-end-developer"],
  ["back-end", null],
  ["ro", null],
  ["", null],
])("a word that begins like %j is %j", (word, expected) => {
  const candidates = ["🚀 Rocket Launcher", "rocket-launcher-7", "front-end-developer-23a155", "front-end-developer"];
  expect(/"([\s\S]*)"/.exec(didYouMeanLonger(word, candidates))?.[1] ?? null).toBe(expected);
});
