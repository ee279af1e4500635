/** Assertions on messages that hold whatever their English: they name facts, never sentences. */
import { expect } from "vitest";

/** A name, number, place or key word. */
export type Fact = string | number | RegExp;

/** Matches a text that holds each of the facts, in any order and case. */
export function naming(...facts: readonly Fact[]) {
  return expect.stringMatching(factsIn(facts));
}

function factsIn(facts: readonly Fact[]): RegExp {
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
