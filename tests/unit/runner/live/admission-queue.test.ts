import { setImmediate as nextRound } from "node:timers/promises";
import { expect, it } from "vitest";
import { createAdmissionQueue } from "../../../../src/runner/live/admission-queue.js";

it("lets one on in each round of the event loop, in the order in which they came", async () => {
  const budgetLines = createAdmissionQueue();
  const through: string[] = [];
  const go = async (name: string) => {
    await budgetLines();
    through.push(name);
  };
  const crowd = ["a", "b", "c"].map(go);
  expect(through).toEqual([]);
  for (let round = 1; round <= 3; round++) {
    await nextRound();
    expect(through).toHaveLength(round);
  }
  await Promise.all(crowd);
  expect(through).toEqual(["a", "b", "c"]);
});

it("keeps nobody who comes when the crowd has gone", async () => {
  const budgetLines = createAdmissionQueue();
  await budgetLines();
  await budgetLines();
});

it("admits later callers after earlier ones", async () => {
  const budgetLines = createAdmissionQueue();
  const through: string[] = [];
  const go = (name: string) => budgetLines().then(() => through.push(name));
  await Promise.all([go("a").then(() => go("late")), go("b"), go("c")]);
  expect(through).toEqual(["a", "b", "c", "late"]);
});
