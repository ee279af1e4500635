/** A store that fails under runs at work: it interrupts them, and takes neither the process nor other runs along. */
import { describe, expect, it } from "vitest";
import { StoreError } from "../../src/core/errors.js";
import { eventually } from "../support/in-time.js";
import { naming } from "../support/naming.js";
import { COMPLETES, type Said, setRunners } from "../support/runner-bench.js";

describe("a store that fails", () => {
  it("interrupts a run instead of ending it, and the run goes on by itself, with the reply that was lost", async () => {
    const one = await setRunners().openRunner();
    one.runner.recover();
    one.failNext("append", new StoreError("the database is locked", { isBusy: true }));
    const { id } = await one.start("a task");
    await eventually(async () => expect(await one.store.statusOf(id)).toBe("success"));
    const events = await one.store.listEvents(id, { afterSeq: 0 });
    expect(events.map(({ event }) => event)).toContainEqual({
      type: "run_interrupted",
      reason: naming("database", "locked"),
      until: expect.any(Number),
    });
  }, 30_000);

  it.each(["isOutdated", "stillOwned", "listExpired", "listUnowned", "getRun", "listEvents"] as const)(
    "as %s while a run ends lets no promise reject that nobody awaits",
    async (verb) => {
      let finish = (_said: Said) => {};
      const one = await setRunners().openRunner({ model: () => new Promise((resolve) => (finish = resolve)) });
      one.runner.recover();
      const { id } = await one.start("a task");
      await eventually(() => expect(one.asked).toHaveLength(1));
      one.failNext(verb, new StoreError("the database cannot be read"));
      finish(COMPLETES);
      const settled = async () => {
        const [run] = await one.store.getRuns([id]);
        return run?.status === "success" || run?.status === "interrupted";
      };
      await eventually(async () => expect(await settled()).toBe(true));
    },
  );
});
