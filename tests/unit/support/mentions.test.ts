/** The matcher of messages finds words, whole, wherever they stand. */
import { expect, it } from "vitest";
import { mentions } from "../../support/mentions.js";

it.each([
  ["unknown key tols\nin a.yaml:1:1", ["a.yaml:1:1", "tols"], true],
  ["a.yaml:1:12: tools", ["a.yaml:1:1"], false],
  ["there are tools", ["tool"], false],
  ["(a+)+$ is {{ x }}", ["(a+)+$", "{{ x }}"], true],
  ["only one", ["one", "two"], false],
])("%j mentions %j: %s", (text, words, expected) => {
  expect(mentions(...words).test(text)).toBe(expected);
});
