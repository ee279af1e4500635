/** The table of a process's runs: slots go to those that have waited longest, and children need none. */
import { describe, expect, it } from "vitest";
import { createRunTable, type TableEntry } from "../../../../src/runner/live/run-table.js";

function entry(id: string, epoch = 1, parentRunId: string | null = null): TableEntry {
  return { run: { id, epoch, parentRunId }, controller: new AbortController() };
}

function tableOf(slots: number, ...entries: readonly TableEntry[]) {
  const table = createRunTable<TableEntry>();
  table.allow(slots);
  for (const one of entries) table.add(one);
  return table;
}

describe("a run", () => {
  it("begins when a slot is free, in the order in which the runs came", () => {
    const [first, second] = [entry("run_1"), entry("run_2")];
    const table = tableOf(1, first, second);
    expect(table.startNext()).toBe(first);
    expect(table.startNext()).toBeNull();
    table.remove(first);
    expect(table.startNext()).toBe(second);
  });

  it("takes a slot from those that are free already while it waits", () => {
    const table = tableOf(3, entry("run_1"), entry("run_2"));
    expect(table.freeSlots).toBe(1);
    table.startNext();
    expect(table.freeSlots).toBe(1);
    expect(tableOf(1, entry("run_1"), entry("run_2")).freeSlots).toBe(0);
  });

  it("that an agent has started needs no slot", () => {
    const [parent, other, child] = [entry("run_1"), entry("run_2"), entry("run_3", 1, "run_1")];
    const table = tableOf(1, parent, other, child);
    expect([table.startNext(), table.startNext(), table.startNext()]).toEqual([parent, child, null]);
    expect(table.hasChildren("run_1")).toBe(true);
    table.remove(child);
    expect(table.startNext()).toBeNull();
    expect(table.hasChildren("run_1")).toBe(false);
  });

  it("that is stopped aborts at work, and leaves the table where it waits", () => {
    const [atWork, waiting] = [entry("run_1"), entry("run_2")];
    const table = tableOf(1, atWork, waiting);
    table.startNext();
    for (const id of ["run_1", "run_2"]) table.stop(id, "ended");
    expect(atWork.controller.signal.reason).toBe("ended");
    expect(table.leases()).toEqual([{ runId: "run_1", epoch: 1 }]);
    table.remove(atWork);
    expect(table.isEmpty).toBe(true);
  });

  it("that is claimed anew takes the place of its former self", () => {
    const [former, now] = [entry("run_1", 1), entry("run_1", 2)];
    const table = tableOf(2, former, now);
    table.startNext();
    table.startNext();
    expect(former.controller.signal.reason).toBe("lost");
    table.remove(former);
    expect(table.has({ runId: "run_1", epoch: 1 })).toBe(false);
    expect(table.has({ runId: "run_1", epoch: 2 })).toBe(true);
  });
});
