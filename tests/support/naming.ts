/** Assertions on messages that hold whatever their English: they name facts, never sentences. */
import { expect } from "vitest";

/** Matches a text that holds each of the facts, in any order and case: names, numbers, places, at most one key word. */
export function naming(...facts: readonly (string | number | RegExp)[]) {
  return expect.stringMatching(factsIn(facts));
}

function factsIn(facts: readonly (string | number | RegExp)[]): RegExp {
  const sources = facts.map((fact) => (fact instanceof RegExp ? fact.source : escaped(String(fact))));
  return new RegExp(`^${sources.map((source) => `(?=[\\s\\S]*(?:${source}))`).join("")}`, "i");
}

/** The text as a regular expression that matches nothing else. */
export function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** Of an error the message: a command whose words are wrong prints its usage below, which names every option. */
export function messageOf({ stderr }: { readonly stderr: string }): string {
  return stderr.split("\n", 1)[0] ?? "";
}
