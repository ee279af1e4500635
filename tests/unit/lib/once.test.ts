/** `once`: one load for all callers, and another after a failure. */
import { describe, expect, it } from "vitest";
import { once } from "../../../src/lib/once.js";

describe("once", () => {
  it("loads nothing before the first call", () => {
    let loads = 0;
    once(async () => ++loads);
    expect(loads).toBe(0);
  });

  it("loads once for calls at the same time and for later calls", async () => {
    let loads = 0;
    const load = once(async () => ++loads);
    expect(await Promise.all([load(), load()])).toEqual([1, 1]);
    expect(await load()).toBe(1);
  });

  it("rejects all calls that wait for a failed load, and loads again at the next call", async () => {
    let loads = 0;
    const load = once(async () => {
      loads += 1;
      if (loads === 1) throw new Error("the first load fails");
      return loads;
    });
    const outcomes = await Promise.allSettled([load(), load()]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(loads).toBe(1);
    expect(await load()).toBe(2);
    expect(await load()).toBe(2);
  });

  it("loads again at a call right behind a caught failure", async () => {
    const answers = [Promise.reject(new Error("gone")), Promise.resolve("there")];
    const load = once(() => answers.shift() ?? Promise.resolve("none"));
    expect(await load().catch(() => load())).toBe("there");
  });

  it("tells whether a load has begun, also while it is under way, and not after a failure", async () => {
    const answers = [Promise.reject(new Error("gone")), Promise.resolve("there")];
    const load = once(() => answers.shift() ?? Promise.resolve("none"));
    expect(load.hasBegun()).toBe(false);
    const failing = load();
    expect(load.hasBegun()).toBe(true);
    await expect(failing).rejects.toThrow("gone");
    expect(load.hasBegun()).toBe(false);
    await load();
    expect(load.hasBegun()).toBe(true);
  });
});
