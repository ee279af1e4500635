/** The search for many texts at once finds what a regular expression of all of them finds. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { createReplacer } from "../../../src/core/create-replacer.js";
import { escaped } from "../../support/naming.js";

const letters = fc.string({ unit: fc.constantFrom("a", "b", "é") });

it("replaces the leftmost and longest, like a regular expression", () => {
  fc.assert(
    fc.property(fc.array(letters, { minLength: 1, maxLength: 6 }), fc.array(letters), (texts, parts) => {
      const known = texts.filter((text) => text !== "").sort((left, right) => right.length - left.length);
      const text = parts.join("");
      const replace = createReplacer(texts, (found) => `<${found}>`);
      const expected =
        known.length === 0
          ? text
          : text.replace(new RegExp(known.map(escaped).join("|"), "g"), (found) => `<${found}>`);
      expect(replace(text)).toBe(expected);
    }),
  );
});

it("finds a text longer than its window among others that begin alike", () => {
  const long = "x".repeat(100);
  const replace = createReplacer([`${long}1`, `${long}2`, "short one"], (found) => `[${found.length}]`);
  expect(replace(`a ${long}2 b short one ${long}3`)).toBe(`a [101] b [9] ${long}3`);
});
