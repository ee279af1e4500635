/** Expansion of variables in configuration texts. */
import { describe, expect, it } from "vitest";
import { expand } from "../../../../src/config/servers/expand.js";
import { ConfigError } from "../../../../src/core/errors.js";
import { mentions } from "../../../support/mentions.js";

const values: Readonly<Record<string, string>> = { WHO: "ada", BLANK: "", DEEP: "$" + "{WHO}" };

function variables(bare: boolean) {
  const refusal = (name: string) => (name === "HIDDEN" ? "may not be read" : null);
  return { get: (name: string) => (name === "HIDDEN" ? "hidden" : values[name]), refusal, bare };
}

const expanded = (text: string, bare = false) => expand(text, "f: x", variables(bare)).text;

describe("a text", () => {
  it.each([
    ["$" + "{WHO}", "ada"],
    ["a$" + "{WHO}z $" + "{WHO}", "aadaz ada"],
    ["$" + "{NOPE:-fallback}", "fallback"],
    ["$" + "{NOPE:-}", ""],
    ["$" + "{BLANK:-filled}", "filled"],
    ["$" + "{WHO:-unused}", "ada"],
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
    ["$" + "{NOPE}", false, ["f: x", "$" + "{NOPE}", "$" + "{NOPE:-default}"]],
    ["$" + "{BLANK}", false, ["f: x", "$" + "{BLANK}"]],
    ["$" + "{HIDDEN:-harmless}", false, ["f: x", "$" + "{HIDDEN}", "may not be read"]],
    ["$HIDDEN", true, ["f: x", "HIDDEN", "may not be read"]],
  ])("%j (bare: %j) is refused", (text, bare, words) => {
    expect(() => expanded(text, bare)).toThrow(ConfigError);
    expect(() => expanded(text, bare)).toThrow(mentions(...words));
  });
});

it("the variables in use are listed, defaults are not", () => {
  const { used } = expand("$" + "{WHO} $" + "{NOPE:-x}", "f: x", variables(false));
  expect(used).toEqual([{ name: "WHO", value: "ada" }]);
});
