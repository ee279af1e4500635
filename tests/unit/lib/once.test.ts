/** A value that is loaded when it is first needed. */
import { expect, it } from "vitest";
import { once } from "../../../src/lib/once.js";

it("loads once for all calls, also for calls at the same time", async () => {
  let loads = 0;
  const load = once(async () => ++loads);
  expect(await Promise.all([load(), load()])).toEqual([1, 1]);
  expect(await load()).toBe(1);
});

it("loads again after a failure", async () => {
  let loads = 0;
  const load = once(async () => {
    loads += 1;
    if (loads === 1) throw new Error("not yet");
    return loads;
  });
  await expect(load()).rejects.toThrow("not yet");
  expect(await load()).toBe(2);
});
