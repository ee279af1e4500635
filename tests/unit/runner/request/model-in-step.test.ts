/** The model of a step: the step's own, else the default of the step's provider, else the model of the run. */
import { expect, it } from "vitest";
import type { Step } from "../../../../src/core/workflow/workflow.js";
import { modelInStep, modelsNamed, type RunProvider } from "../../../../src/runner/request/model-in-step.js";
import { STEP } from "../../../support/engine.js";
import { REQUEST } from "../../../support/new-run.js";
import { entryWith } from "../../../support/run-requests.js";

const PRICE = { input: 1, output: 2, cached: 0 };
const ENTRIES = new Map([
  ["one", entryWith("one", { "one-default": null, "one-large": null })],
  ["two", entryWith("two", { "two-default": PRICE, "two-large": null })],
]);
const NONE: ReadonlySet<string> = new Set();
const RUN = { ...REQUEST, provider: "one", model: "one-large" };

it.each<[string, Partial<Step> | null, string, string]>([
  ["no step", null, "one", "one-large"],
  ["a step that names neither", {}, "one", "one-large"],
  ["a step that names a model", { model: "one-small" }, "one", "one-small"],
  ["a step that names the run's provider", { provider: "one" }, "one", "one-large"],
  ["a step that names another provider", { provider: "two" }, "two", "two-default"],
  ["a step that names both", { provider: "two", model: "two-large" }, "two", "two-large"],
])("in %s (%j) it is %s %s", (_, step, provider, model) => {
  expect(modelsNamed(RUN, step && { ...STEP, ...step }, ENTRIES)).toEqual([{ provider, model }]);
});

it("comes with its opened provider and its price, null where the price is unknown", async () => {
  const opened = new Map<string, RunProvider>();
  for (const [name, entry] of ENTRIES) opened.set(name, { ...entry, provider: await entry.open() });
  const other = modelInStep(RUN, { ...STEP, provider: "two" }, opened, NONE);
  expect(other).toMatchObject({ name: { provider: "two", model: "two-default" }, next: null, price: PRICE });
  expect(other.provider).toBe(opened.get("two")?.provider);
  expect(modelInStep(RUN, null, opened, NONE)).toMatchObject({
    name: { provider: "one", model: "one-large" },
    price: null,
  });
});

it("is a bug where a provider was not opened for the run", () => {
  expect(() => modelsNamed(RUN, { ...STEP, provider: "three" }, ENTRIES)).toThrow("three");
  expect(() => modelInStep(RUN, null, new Map(), NONE)).toThrow("one");
});
