/** What replies cost: which price counts, what is paid once, and what is not known. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addCosts, costOf, FREE, type PriceList, priceIn, toUsd, usdText } from "../../../../src/core/run/cost.js";

const PRICE = { input: 2, output: 12, cached: 0.5 };
const tokens = (input: number, output: number, cached = 0, thinking = 0) => ({ input, output, cached, thinking });

describe("the price of a model", () => {
  const price = (input: number) => ({ ...PRICE, input });
  const list: PriceList = [
    { models: "g-*", price: price(1) },
    { models: "g-2-*", price: price(2) },
    { models: "g-2-fast", price: price(3) },
  ];

  it.each([
    ["g-2-fast", 3],
    ["g-2-slow", 1],
    ["g-", 1],
    ["h-1", undefined],
    ["G-1", undefined],
  ])("of %s is under its name, else under the first pattern that matches", (model, input) => {
    expect(priceIn(list, model)?.input).toBe(input);
  });
});

describe("the cost of a reply", () => {
  it.each([
    ["input and output", tokens(1_000_000, 500_000), 8],
    ["cached input, which is a part of the input", tokens(1_000_000, 0, 400_000), 1.4],
    ["thinking, as output", tokens(0, 1_000, 0, 2_000), 0.036],
    ["more cached than there is", tokens(1_000, 0, 2_000), 0.0005],
    ["nothing", tokens(0, 0), 0],
  ])("of %s", (_what, usage, usd) => {
    expect(costOf(usage, PRICE)).toBe(usd);
  });

  it("is not known without a price or without tokens, but for what costs nothing", () => {
    expect(costOf(tokens(1, 1), null)).toBeNull();
    expect(costOf(null, PRICE)).toBeNull();
    expect(costOf(null, { ...FREE, cached: 0.1 })).toBeNull();
    expect(costOf(null, FREE)).toBe(0);
  });

  it("grows with each kind of token, whatever the others are", () => {
    const count = fc.nat(10_000_000);
    fc.assert(
      fc.property(count, count, count, count, (fresh, output, cached, thinking) => {
        const cost = costOf(tokens(fresh + cached, output, cached, thinking), PRICE) ?? Number.NaN;
        expect(cost).toBeCloseTo((fresh * 2 + cached * 0.5 + (output + thinking) * 12) / 1e6, 9);
        expect(costOf(tokens(fresh + cached, output + 1, cached, thinking), PRICE)).toBeGreaterThan(cost);
      }),
    );
  });
});

describe("a sum", () => {
  it("has no rest of binary fractions", () => {
    expect(addCosts(0.1, 0.2)).toBe(0.3);
    expect(toUsd(0.1 * 3)).toBe(0.3);
    expect(Array.from({ length: 1_000 }, () => 0.000_075).reduce((sum, one) => toUsd(sum + one))).toBe(0.075);
  });

  it("is not known where a part is not", () => {
    expect([addCosts(null, 1), addCosts(1, null), addCosts(null, null)]).toEqual([null, null, null]);
  });

  it.each([
    [0, "0 USD"],
    [100, "100 USD"],
    [0.30000000000000004, "0.3 USD"],
    [0.0000002, "0.0000002 USD"],
    [12.3456789, "12.3457 USD"],
  ])("%d is shown as %s", (amount, text) => {
    expect(usdText(amount)).toBe(text);
  });
});
