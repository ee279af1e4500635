/** The RunStore port, of runs that start others: what happens to one of a family tells on the rest. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { RunLease, RunStore } from "../../src/core/ports/run-store.js";
import type { RunEvent } from "../../src/core/run/event.js";
import { openStore } from "../../src/store/sqlite/open-store.js";
import { newRunNamed, REQUEST } from "../support/new-run.js";

const REPLIED: RunEvent = {
  type: "model_replied",
  turn: 1,
  raw: { provider: "p", model: "m", content: {} },
  usage: null,
};

/** Three running runs, each started by the one before, with their limits on money. */
function setFamily(limits: readonly (number | null)[] = [null, null, null]): {
  readonly store: RunStore;
  readonly family: readonly [RunLease, RunLease, RunLease];
} {
  const folder = mkdtempSync(join(tmpdir(), "legwork-store-"));
  const store = openStore(join(folder, "home", "legwork.db"), { now: () => 1_000_000 }).runs;
  onTestFinished(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { store, family: [begin(store, 1, limits[0]), begin(store, 2, limits[1]), begin(store, 3, limits[2])] };
}

function begin(store: RunStore, depth: number, maxCostUsd: number | null = null): RunLease {
  const { run } = store.createRun(
    newRunNamed(`run_${depth}`, {
      parentSessionId: `ses_${depth - 1}`,
      parentRunId: depth === 1 ? null : `run_${depth - 1}`,
      rootRunId: "run_1",
      depth,
      request: { ...REQUEST, limits: { ...REQUEST.limits, maxCostUsd } },
    }),
  );
  const hold = { runId: run.id, epoch: run.epoch };
  store.append(hold, [{ type: "run_started" }]);
  return hold;
}

/** Its process goes away, and another takes it over. */
function crash({ runId }: RunLease, store: RunStore): RunLease {
  store.interrupt([holdOf(runId, store)], "went away");
  store.claim(holdOf(runId, store), [{ type: "run_resumed", by: "recovery" }]);
  return holdOf(runId, store);
}

function holdOf(runId: string, store: RunStore): RunLease {
  return { runId, epoch: store.getRun(runId)?.epoch ?? 0 };
}

it("what a run finishes counts for all above it: their next crash is not one more of the same", () => {
  const { store, family } = setFamily();
  const [top, middle, leaf] = family;
  for (const run of [top, top, middle, leaf]) crash(run, store);
  const attempts = () => family.map(({ runId }) => store.getRun(runId)?.attempts);
  expect(attempts()).toEqual([2, 1, 1]);
  store.append(holdOf(leaf.runId, store), [{ type: "turn_started", turn: 1 }]);
  expect(attempts()).toEqual([2, 1, 1]);
  store.append(holdOf(leaf.runId, store), [REPLIED]);
  expect(attempts()).toEqual([0, 0, 0]);
  crash(leaf, store);
  store.append(holdOf(middle.runId, store), [REPLIED]);
  expect(attempts()).toEqual([0, 0, 1]);
});

it("an end is that of the whole family below, in the same commit, and nobody below writes after it", () => {
  const { store, family } = setFamily();
  const [top, middle, leaf] = family;
  store.append(top, [{ type: "run_finished", outcome: { status: "success", result: "done" } }]);
  for (const { runId } of [middle, leaf])
    expect(store.getRun(runId)).toMatchObject({ status: "cancelled", outcome: { error: { code: "parent_ended" } } });
  expect(store.append(leaf, [{ type: "turn_started", turn: 1 }])).toBeNull();
});

it("what was taken up again below a run that has ended still ends with the eldest", () => {
  const { store, family } = setFamily();
  const [top, middle, leaf] = family;
  const error = { code: "stalled", message: "it stood still" };
  store.append(leaf, [{ type: "run_finished", outcome: { status: "error", result: null, error } }]);
  store.append(middle, [{ type: "run_finished", outcome: { status: "success", result: "done" } }]);
  store.claim(holdOf(leaf.runId, store), [{ type: "run_resumed", by: "request" }]);
  expect(store.getRun(leaf.runId)?.status).toBe("running");
  const ended = store.endTree(top.runId, { status: "cancelled", result: null }).filter((run) => run.ended);
  expect(ended.map(({ id }) => id).toSorted()).toEqual([top.runId, leaf.runId].toSorted());
  expect(family.map(({ runId }) => store.getRun(runId)?.status)).toEqual(["cancelled", "success", "cancelled"]);
});

describe("what a family costs", () => {
  const paid = (costUsd: number | null): RunEvent => ({ ...REPLIED, costUsd }) as RunEvent;

  it("is the sum of all below a run, but for one of them, and unknown with any part of it", () => {
    const { store, family } = setFamily();
    const [top, middle, leaf] = family;
    for (const [run, cost] of [
      [top, 0.1],
      [middle, 0.2],
      [leaf, 0.1],
      [leaf, 0.3],
    ] as const)
      store.append(holdOf(run.runId, store), [paid(cost)]);
    expect(family.map(({ runId }) => store.getRun(runId)?.costUsd)).toEqual([0.1, 0.2, 0.4]);
    expect(store.costOfTree(top.runId, top.runId)).toEqual({ runs: 2, costUsd: 0.6 });
    expect(store.costOfTree(top.runId, leaf.runId)).toEqual({ runs: 2, costUsd: 0.3 });
    expect(store.costOfTree(leaf.runId, leaf.runId)).toEqual({ runs: 0, costUsd: 0 });
    store.together(() => {
      for (let reply = 0; reply < 996; reply++) store.append(holdOf(leaf.runId, store), [paid(0.1)]);
    });
    expect(store.getRun(leaf.runId)?.costUsd).toBe(100); // no rest of binary fractions piles up
    store.append(holdOf(middle.runId, store), [paid(null), paid(1)]);
    expect(store.getRun(middle.runId)?.costUsd).toBeNull();
    expect(store.costOfTree(top.runId, top.runId)).toEqual({ runs: 2, costUsd: null });
    expect(store.costOfTree(middle.runId, middle.runId)).toEqual({ runs: 1, costUsd: 100 });
  });

  it("is limited by the limits along its line, with what was granted on top of each", () => {
    const { store, family } = setFamily([1, null, 0.5]);
    const [top, middle, leaf] = family;
    expect(store.costLimits(leaf.runId)).toEqual([
      { runId: leaf.runId, usd: 0.5 },
      { runId: top.runId, usd: 1 },
    ]);
    for (const moreCostUsd of [0.1, 0.2]) {
      store.interrupt([holdOf(top.runId, store)], "went away");
      store.claim(holdOf(top.runId, store), [{ type: "run_resumed", by: "request", moreCostUsd }]);
    }
    expect(store.costLimits(middle.runId)).toEqual([{ runId: top.runId, usd: 1.3 }]);
    expect(store.costLimits("run_nobody")).toEqual([]);
  });
});
