/** What the RunStore port reads out of a journal without its caller having to read all of it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { RunLease, RunStore } from "../../src/core/ports/run-store.js";
import type { RunEvent } from "../../src/core/run/event.js";
import type { Effect } from "../../src/core/tools/tool.js";
import { openStore } from "../../src/store/sqlite/open-store.js";
import { newRunNamed } from "../support/new-run.js";

let folder: string;
let store: RunStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "legwork-journal-"));
  store = openStore(join(folder, "legwork.db"), { now: () => 1_000_000 }).runs;
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const append = (hold: RunLease, events: readonly RunEvent[]) => store.append(hold, events);

function started(): RunLease {
  const { run } = store.createRun(newRunNamed("run_1"));
  const hold = { runId: run.id, epoch: run.epoch };
  append(hold, [{ type: "run_started" }]);
  return hold;
}

it("reads the last events of a type, newest first, also those before a place", () => {
  const hold = started();
  for (let turn = 1; turn <= 4; turn++)
    append(hold, [
      { type: "turn_started", turn },
      { type: "step_entered", step: `step ${turn}`, done: 0 },
    ]);
  const last = (type: RunEvent["type"], beforeSeq: number | null, limit: number) =>
    store.lastEvents(hold.runId, { type, beforeSeq, limit }).map(({ seq }) => seq);
  expect(last("turn_started", null, 2)).toEqual([9, 7]);
  expect(last("turn_started", 7, 10)).toEqual([5, 3]);
  expect(last("step_entered", null, 1)).toEqual([10]);
  expect(last("step_entered", 10, 10)).toEqual([8, 6, 4]);
  expect(last("tools_resolved", null, 1)).toEqual([]);
});

it("tells the calls with an effect and how each ended, those started twice once", () => {
  const hold = started();
  const start = (index: number, effect: Effect = "effectful"): RunEvent => ({
    type: "tool_call_started",
    turn: 1,
    index,
    tool: `s__tool_${index}`,
    effect,
  });
  const end = (index: number, isError: boolean, code?: string): RunEvent => ({
    type: "tool_call_finished",
    turn: 1,
    index,
    tool: `s__tool_${index}`,
    isError,
    ...(code === undefined ? {} : { code }),
    text: 'it\'s "said"',
    milliseconds: 1,
  });
  const byWorkflow = { call: 1, tool: "s__own", arguments: { turn: 1, index: 0 }, effect: "idempotent" } as const;
  append(hold, [start(0), start(1, "read_only"), start(2), start(3), end(2, true, "call_failed"), end(1, false)]);
  append(hold, [{ type: "workflow_call_started", ...byWorkflow }, start(0), end(0, false)]);
  const { call, tool } = byWorkflow;
  const answer = { isError: false, text: "", milliseconds: 1 };
  append(hold, [{ type: "workflow_call_finished", call, tool, outputAs: null, done: 0, ...answer }]);
  expect(store.listEffects(hold.runId, 100)).toEqual([
    { tool: "s__tool_0", turn: 1, answer: { isError: false, code: null } },
    { tool: "s__tool_2", turn: 1, answer: { isError: true, code: "call_failed" } },
    { tool: "s__tool_3", turn: 1, answer: null },
    { tool: "s__own", turn: null, answer: { isError: false, code: null } },
  ]);
  expect(store.listEffects(hold.runId, 1)).toHaveLength(1);
});
