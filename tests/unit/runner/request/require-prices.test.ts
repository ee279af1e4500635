/** A limit on money needs the price of each model that the run may ask. */
import { describe, expect, it } from "vitest";
import { FREE } from "../../../../src/core/run/cost.js";
import type { Step } from "../../../../src/core/workflow/workflow.js";
import { requirePrices } from "../../../../src/runner/request/require-prices.js";
import { workflow } from "../../../support/engine.js";
import { REQUEST } from "../../../support/new-run.js";
import { configError, entryWith, SETTINGS } from "../../../support/run-requests.js";

const PRICE = { input: 1, output: 2, cached: 0 };
const ENTRIES = new Map([
  ["one", entryWith("one", { priced: PRICE, unpriced: null })],
  ["two", entryWith("two", { unknown: null, free: FREE })],
]);

function checked(model: string, steps: readonly Partial<Step>[] = [], maxCostUsd: number | null = 1) {
  const limits = { ...REQUEST.limits, maxCostUsd };
  const led = steps.length === 0 ? null : workflow(steps);
  return () => requirePrices({ provider: "one", model, limits, workflow: led }, ENTRIES, SETTINGS.allowances);
}

describe("a run with a limit on money", () => {
  it.each<[string, Partial<Step>[]]>([
    ["priced", []],
    ["priced", [{}, { model: "priced" }]],
    ["priced", [{ provider: "two", model: "free" }]],
  ])("passes with a price for each model: %s, %j", (model, steps) => {
    expect(checked(model, steps)).not.toThrow();
  });

  it.each<[string, Partial<Step>[], string[]]>([
    ["unpriced", [], ["one", "unpriced"]],
    ["unpriced", [{ model: "priced" }], ["one", "unpriced"]],
    ["priced", [{}, { model: "unpriced" }], ["one", "unpriced"]],
    ["priced", [{ provider: "two" }], ["two", "unknown"]],
    ["priced", [{ provider: "two", model: "never seen" }], ["two", "never seen"]],
  ])("is refused with %s, %j: the configuration has to name %j", (model, steps, words) => {
    expect(checked(model, steps)).toThrow(configError("max_cost_usd", "prices", ...words));
  });
});

it("a run without a limit on money needs no prices", () => {
  expect(checked("unpriced", [{ provider: "two" }], null)).not.toThrow();
});
