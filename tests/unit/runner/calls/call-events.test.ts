import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../../src/core/journal/event.js";
import { createRedact } from "../../../../src/core/redact.js";
import { DEFAULT_LIMITS } from "../../../../src/core/run/limits.js";
import type { RunRequest } from "../../../../src/core/run/run.js";
import { createCallEvents } from "../../../../src/runner/calls/call-events.js";
import { newReplay } from "../../../../src/runner/state/replay.js";
import { createRunState } from "../../../../src/runner/state/run-state.js";

const posted = (progress: number): RunEvent => ({
  type: "tool_call_progressed",
  turn: 1,
  index: 0,
  tool: "a__b",
  progress,
  total: null,
  message: null,
});

const request: RunRequest = {
  prompt: "a task",
  context: null,
  systemPrompt: null,
  agent: "default",
  provider: "rehearsal",
  model: "m",
  limits: DEFAULT_LIMITS,
  policy: { allow: [], block: [] },
  outputSchema: null,
  workflow: null,
  variables: {},
};

const run = { depth: 1, parentSessionId: "ses_1", request };

function setUp() {
  const state = createRunState(run, newReplay(request), () => ({ text: "", calls: [] }), createRedact([]));
  return { state, events: createCallEvents(state) };
}

describe("call events", () => {
  it("yields posted events while the work lasts, and resolves each post when its event is saved", async () => {
    const { events } = setUp();
    let end = (_value: string) => {};
    const work = new Promise<string>((resolve) => {
      end = resolve;
    });
    const commits = events.until(work);
    const first = commits.next();
    let isSaved = false;
    void events.post([posted(1)]).then(() => {
      isSaved = true;
    });
    expect(await first).toEqual({ done: false, value: { events: [posted(1)], blobs: [] } });
    expect(isSaved).toBe(false);
    const second = commits.next();
    await new Promise(setImmediate);
    expect(isSaved).toBe(true);
    expect(events.over().aborted).toBe(false);
    end("done");
    expect(await second).toEqual({ done: true, value: "done" });
    expect(events.over().aborted).toBe(true);
  });

  it("leaves events that come with the end to the next commit", async () => {
    const { events, state } = setUp();
    void events.post([posted(1)]);
    void events.post([posted(2)]);
    const work = Promise.resolve(5);
    await work;
    const commits = events.until(work);
    let step = await commits.next();
    const saved: RunEvent[] = [];
    while (!step.done) {
      saved.push(...step.value.events);
      step = await commits.next();
    }
    expect(step.value).toBe(5);
    expect([...saved, ...state.flush().events]).toEqual([posted(1), posted(2)]);
  });

  it("rejects with the error of the work", async () => {
    const { events } = setUp();
    await expect(events.until(Promise.reject(new Error("broken"))).next()).rejects.toThrow("broken");
  });
});
