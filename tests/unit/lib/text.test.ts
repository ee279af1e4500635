/** Texts that are cut. */
import { expect, it } from "vitest";
import { cutTo } from "../../../src/lib/text.js";

it.each([
  ["short enough", "abc", 3, "abc"],
  ["too long", "abcdef", 4, "abc…"],
  ["half of a pair", "ab😀cd", 4, "ab…"],
  ["half of a family", "ab👨‍👩‍👧‍👦cd", 8, "ab…"],
  ["half of a flag", "ab🇩🇪cd", 5, "ab…"],
  ["an accent", "abe\u0301cd", 4, "ab…"],
  ["one endless character", "e".concat("\u0301".repeat(500)), 100, `e${"\u0301".repeat(98)}…`],
])("%s is cut between characters", (_, text, most, expected) => {
  expect(cutTo(text, most)).toBe(expected);
});
