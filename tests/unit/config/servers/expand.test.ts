/** Expansion of variables in configuration texts. */
import { describe, expect, it } from "vitest";
import { expand } from "../../../../src/config/servers/expand.js";

const values: Readonly<Record<string, string>> = { WHO: "ada", BLANK: "", DEEP: "$" + "{WHO}" };

function variables(bare: boolean) {
  const refusal = (name: string) => (name === "HIDDEN" ? "may not be read" : null);
  return { get: (name: string) => (name === "HIDDEN" ? "hidden" : values[name]), refusal, bare };
}

const expanded = (text: string, bare = false) => expand(text, variables(bare)).text;

describe("a text", () => {
  it.each([
    ["$" + "{WHO}", "ada"],
    ["a$" + "{WHO}z $" + "{WHO}", "aadaz ada"],
    ["$" + "{NOPE:-fallback}", "fallback"],
    ["$" + "{NOPE:-}", ""],
    ["$" + "{BLANK:-filled}", "filled"],
    ["$" + "{WHO:-unused}", "ada"],
    ["$" + "{HIDDEN:-harmless}", "harmless"],
    ["$" + "{DEEP}", "$" + "{WHO}"], // an expanded value is not expanded again
    ["$WHO $ {WHO} $" + "{1} $", "$WHO $ {WHO} $" + "{1} $"],
  ])("%j becomes %j", (text, expected) => {
    expect(expanded(text)).toBe(expected);
  });

  it.each([
    ["$WHO/$" + "{WHO}", "ada/ada"],
    ["$NOPE-$BLANK-$", "$NOPE-$BLANK-$"],
    ["pa$$word", "pa$$word"],
  ])("with bare variables %j becomes %j", (text, expected) => {
    expect(expanded(text, true)).toBe(expected);
  });

  it.each([
    ["$" + "{NOPE}", false, [{ name: "NOPE", refusal: null }]],
    [
      "$" + "{BLANK} $" + "{NOPE}",
      false,
      [
        { name: "BLANK", refusal: null },
        { name: "NOPE", refusal: null },
      ],
    ],
    ["$" + "{HIDDEN}", false, [{ name: "HIDDEN", refusal: "may not be read" }]],
    ["$HIDDEN", true, [{ name: "HIDDEN", refusal: "may not be read" }]],
    ["$" + "{HIDDEN:-harmless}", false, []],
  ])("%j (bare: %j) lacks %j", (text, bare, missing) => {
    expect(expand(text, variables(bare))).toMatchObject({ missing, used: [] });
  });
});

it("the variables in use are listed, defaults are not", () => {
  const { used } = expand("$" + "{WHO} $" + "{NOPE:-x}", variables(false));
  expect(used).toEqual([{ name: "WHO", value: "ada" }]);
});
