/** Sentences of the product, matched by the facts that they name, so that their wording may change. */

export type Fact = string | RegExp;

/** Matches a text that names each of these facts, in any order: `expect(message).toEqual(naming("max_turns", "10000"))`. */
export function naming(...facts: readonly Fact[]) {
  const shown = `naming(${facts.map(String).join(", ")})`;
  return {
    $$typeof: Symbol.for("jest.asymmetricMatcher"), // how vitest knows objects that print themselves
    asymmetricMatch: (text: unknown) =>
      typeof text === "string" &&
      facts.every((fact) => (typeof fact === "string" ? text.includes(fact) : fact.test(text))),
    toString: () => shown,
    toAsymmetricMatcher: () => shown,
  };
}
