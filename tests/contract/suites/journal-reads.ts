/** The RunStore port: reads of a journal that do not take all of it. */
import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../src/core/journal/event.js";
import type { Effect } from "../../../src/core/tools/tool.js";
import { setContractBench } from "../../support/contract-bench.js";
import type { StoreImplementation } from "../implementations.js";

export function describeJournalReads(implementation: StoreImplementation): void {
  describe(`journal reads on ${implementation.name}`, () => {
    const bench = setContractBench(implementation);
    const { started, append } = bench;

    it("reads the last events of a type, newest first, also those before a place", async () => {
      const lease = await started();
      for (let turn = 1; turn <= 4; turn++)
        await append(lease, [
          { type: "turn_started", turn },
          { type: "step_entered", step: `step ${turn}`, done: 0 },
        ]);
      const last = async (type: RunEvent["type"], beforeSeq: number | null, limit: number) => {
        const events = await bench.store.lastEvents(lease.runId, { type, beforeSeq, limit });
        return events.map(({ seq }) => seq);
      };
      expect(await last("turn_started", null, 2)).toEqual([9, 7]);
      expect(await last("turn_started", 7, 10)).toEqual([5, 3]);
      expect(await last("step_entered", null, 1)).toEqual([10]);
      expect(await last("step_entered", 10, 10)).toEqual([8, 6, 4]);
      expect(await last("tools_resolved", null, 1)).toEqual([]);
    });

    it("tells the calls with an effect and how each ended, those started twice once", async () => {
      const lease = await started();
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
      await append(lease, [
        start(0),
        start(1, "read_only"),
        start(2),
        start(3),
        end(2, true, "call_failed"),
        end(1, false),
      ]);
      await append(lease, [{ type: "workflow_call_started", ...byWorkflow }, start(0), end(0, false)]);
      const { call, tool } = byWorkflow;
      const answer = { isError: false, text: "", milliseconds: 1 };
      await append(lease, [{ type: "workflow_call_finished", call, tool, outputAs: null, done: 0, ...answer }]);
      const done = { isError: false, code: null };
      expect(await bench.store.listEffects(lease.runId, 100)).toEqual([
        expect.objectContaining({ tool: "s__tool_0", turn: 1, index: 0, answer: done }),
        expect.objectContaining({
          tool: "s__tool_2",
          turn: 1,
          index: 2,
          answer: { isError: true, code: "call_failed" },
        }),
        expect.objectContaining({ tool: "s__tool_3", turn: 1, arguments: null, answer: null }),
        expect.objectContaining({ tool: "s__own", turn: null, arguments: { turn: 1, index: 0 }, answer: done }),
      ]);
      expect(await bench.store.listEffects(lease.runId, 1)).toHaveLength(1);
    });
  });
}
