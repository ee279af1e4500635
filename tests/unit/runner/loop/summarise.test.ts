/** The summary of a fold: by the model where the limits have room, else a digest. */
import { expect, it } from "vitest";
import type { RunEvent } from "../../../../src/core/journal/event.js";
import type { ModelRequest } from "../../../../src/core/ports/provider.js";
import type { ReplyContent, ToolCall } from "../../../../src/core/run/message.js";
import { NO_MODEL_SETTINGS } from "../../../../src/core/run/model-settings.js";
import { summarise } from "../../../../src/runner/loop/summarise.js";
import { transcript } from "../../../../src/runner/loop/transcript.js";

const CALL: ToolCall = { id: null, name: "s__read", arguments: { path: "a.txt" } };
const mark = { turn: 3, source: null, step: 0 } as const;
const content: ReplyContent = { text: "I read it.", calls: [CALL] };
const REPLACED = [
  {
    message: { role: "assistant", raw: { provider: "p", model: "m", content }, content },
    mark,
  },
  { message: { role: "tool", answers: [{ call: CALL, isError: false, text: "the file ".repeat(200) }] }, mark },
] as const;
const TASK = { replaced: REPLACED, summaryTokens: 200, mostSummaryTokens: 300, window: 8_000 };

/** Summarises with a model that says this; `grants` is the output that the limits allow, null without room. */
async function play(says: string, { isLimited, grants = null }: { isLimited: boolean; grants?: number | null }) {
  const asked: ModelRequest[] = [];
  const recorded: RunEvent[] = [];
  const context = {
    asked: {
      provider: {
        reply: async (request: ModelRequest) => {
          asked.push(request);
          const raw = { provider: "p", model: "m", content: { text: says, calls: [] } };
          return { ok: true as const, raw, usage: { input: 100, output: 10, cached: 0, thinking: 0 } };
        },
      },
      name: { provider: "p", model: "m" },
      next: null,
      price: { input: 1, output: 1, cached: 1 },
      mostTools: null,
      window: 8_000,
      settings: NO_MODEL_SETTINGS,
    },
    budget: { isLimited, reservationFor: async (plan: unknown) => ({ plan, ceilings: [] }) },
    state: {
      history: { turn: 4, messages: [{ role: "user", text: "Read the files." }] },
      record: (event: RunEvent) => recorded.push(event),
      flush: () => ({ events: [], blobs: [] }),
    },
    request: { limits: { stallSeconds: 300 } },
    signal: new AbortController().signal,
    stall: { guard: <T>(request: Promise<T>) => request },
    onActivity() {},
    readReply: ({ content: read }: { content: unknown }) => read,
  } as unknown as Parameters<typeof summarise>[1];
  const steps = summarise(TASK, context);
  let step = await steps.next();
  while (!step.done) {
    const reserved = grants === null ? [] : [{ event: { type: "budget_reserved", outputTokens: grants } }];
    step = await steps.next(reserved as never);
  }
  return { summary: step.value, asked, recorded };
}

it("is the model's own, with its usage and cost; its request shows the task and the record, and has no tools", async () => {
  const { summary, asked } = await play("It read a.txt.", { isLimited: false });
  expect(summary).toMatchObject({ text: "It read a.txt.", reason: null, usage: { input: 100 }, costUsd: 0.00011 });
  expect(asked).toMatchObject([{ tools: [], messages: [{ role: "user" }] }]);
  const [sent] = asked[0]?.messages ?? [];
  expect(sent).toMatchObject({ text: expect.stringMatching(/Read the files.*r3\.0.*a\.txt.*the file/s) });
});

it("reserves its request where there are limits, and keeps to the output that they grant", async () => {
  const { summary, asked, recorded } = await play("It read a.txt.", { isLimited: true, grants: 1_234 });
  expect(summary).toMatchObject({ reason: null });
  expect(recorded).toMatchObject([{ type: "budget_reserved", turn: 4 }]);
  expect(asked).toMatchObject([{ settings: { maxOutputTokens: 1_234 } }]);
});

it("is a digest where the limits have no room, and costs nothing", async () => {
  const { summary, asked } = await play("It read a.txt.", { isLimited: true });
  expect(asked).toEqual([]);
  expect(summary).toMatchObject({ text: expect.stringContaining("s__read"), usage: null, costUsd: 0 });
  expect(summary.reason).toContain("budget");
});

it("is a digest where the model's is longer than what it replaces, and its cost still counts", async () => {
  const { summary } = await play("long ".repeat(2_000), { isLimited: false });
  expect(summary).toMatchObject({
    text: expect.stringContaining("s__read"),
    reason: expect.any(String),
    costUsd: 0.00011,
  });
});

it("a record leaves out its oldest parts, and never the summary of an earlier fold", () => {
  const earlier = { message: { role: "user", text: "[head]\nEarly.\n[end]", replaced: {} }, mark } as const;
  const { text, isWhole } = transcript([earlier, ...REPLACED], 100, 150);
  expect(isWhole).toBe(false);
  expect(text).toMatch(/^Early\.\n\[\d+ older parts? .*\]\nResult of r3\.0/);
});
