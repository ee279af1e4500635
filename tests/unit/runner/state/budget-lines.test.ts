/** The line before a budget: first come, first served, and nobody waits for someone who has gone. */
import { expect, it } from "vitest";
import { createBudgetLines } from "../../../../src/runner/state/budget-lines.js";

const open = new AbortController().signal;

it("lets one in at a time, in the order in which they came, and lines do not wait for each other", async () => {
  const { enter } = createBudgetLines();
  const order: string[] = [];
  const first = await enter("a", open);
  const others = ["second", "third"].map(async (name) => {
    const letNext = await enter("a", open);
    order.push(name);
    letNext();
  });
  (await enter("b", open))();
  expect(order).toEqual([]);
  first();
  await Promise.all(others);
  expect(order).toEqual(["second", "third"]);
});

it("passes over one who has gone", async () => {
  const { enter } = createBudgetLines();
  const first = await enter("a", open);
  const leaving = new AbortController();
  const gone = enter("a", leaving.signal);
  const last = enter("a", open);
  leaving.abort(new Error("gone"));
  await expect(gone).rejects.toThrow("gone");
  first();
  (await last)();
});
