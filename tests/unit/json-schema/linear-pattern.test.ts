/** The linear engine says what JavaScript says, in a program of known size. */
import fc from "fast-check";
import { RE2JS } from "re2js";
import { expect, it } from "vitest";
import { flagsOf, toLinear } from "../../../src/json-schema/linear-pattern.js";
import { compileLinear } from "../../../src/json-schema/pattern-engine.js";

const atoms = [
  ...["a", "b", ".", "\\d", "\\w", "\\W", "\\s", "\\S", "[ab]", "[^a]", "[a-c]", "[\\s.]", "[\\d-]", "[^\\n]", "[-/]"],
  ...[
    "(a|b)",
    "(?:ab)",
    "(?<name>a)",
    "\\.",
    "\\/",
    "\\n",
    "\\x41",
    "\\u00e9",
    "[\\u{1F600}x]",
    "é",
    "😀",
    "-",
    "\\p{L}",
  ],
];
const marks = ["^", "$", "|", "\\b", "\\B"];
const counts = ["", "", "*", "+", "?", "+?", "{2}", "{1,3}", "{0,}"];
const pattern = fc
  .array(
    fc.oneof(
      fc.tuple(fc.constantFrom(...atoms), fc.constantFrom(...counts)).map((parts) => parts.join("")),
      fc.constantFrom(...marks),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join(""));
const letters = ["a", "b", "c", "A", "1", "_", "-", ".", "/", " ", "\n", "\r", "\u2028", "\u00a0", "é", "😀", "\ud83d"];
const text = fc.array(fc.constantFrom(...letters), { maxLength: 8 }).map((parts) => parts.join(""));

it("matches what JavaScript matches, with at most the instructions that were counted", () => {
  fc.assert(
    fc.property(pattern, text, (written, tried) => {
      fc.pre(flagsOf(written) === "u"); // no name stands twice
      fc.pre(!(written.includes("\\B") && tried.includes("😀"))); // V8 finds \B between the halves of a letter
      const linear = toLinear(written);
      if (linear === null) throw new Error(`${written} should be taken`);
      expect(compileLinear(linear.source).test(tried)).toBe(new RegExp(written, "u").test(tried));
      expect(RE2JS.compile(linear.source).programSize()).toBeLessThanOrEqual(linear.size);
    }),
    { numRuns: 500 },
  );
});

it.each([
  ..."\\A\\d+\\Z [[:digit:]]+ ^[^[:alpha:]]+$ ^\\d{,3}$ ^\\Qa.b\\E$ \\h+ \\p{IsGreek}+ [a-z&&[^bc]] \\e \\1 \\K \\G \\Xff".split(
    " ",
  ),
])("is of another language: %s", (written) => {
  expect(flagsOf(written)).toBeNull();
});

it.each([..."\\- \\_ [\\w-.] \\@\\# ^{x}$ a] a{1,2}\\: a{b}".split(" ")])("is JavaScript of old: %s", (written) => {
  expect(flagsOf(written)).toBe("");
});

it.each([
  "^(?!x)",
  "(?=a)b",
  "(?<=a)b",
  "(?<!a)b",
  "(?<y>a)\\k<y>",
  "(a)\\1",
  "[]",
  "[^]",
  "\\cA",
  "(",
  "(?i)a",
  "(?P<n>a)",
])("does not take %s", (written) => {
  expect(toLinear(written)).toBeNull();
});

it.each(["(a{0,100}){0,100}", "([a-z]{0,999})", "(((a{10}){10}){10}){10}", "a".repeat(1_000), "(a?){500}"])(
  "does not take %s, whose program would be large",
  (written) => {
    expect(toLinear(written)).toBeNull();
  },
);

it("takes what people write: a date, a UUID, a colour, an address", () => {
  const written = [
    "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?Z?$",
    "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
    "^#(?:[0-9a-f]{3}){1,2}$",
    "^[\\w.+-]+@[\\w-]+\\.[\\w.-]+$",
    "^[\\w-.]+$", // read by JavaScript without "u" only
    "^https?://[^\\s/$.?#].[^\\s]*$",
  ];
  expect(written.map(toLinear)).not.toContain(null);
});
