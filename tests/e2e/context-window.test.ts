/** Conversations that are longer than the context window of their model. */
import { expect, it } from "vitest";
import { answersIn, call, says, text } from "../support/agents.js";
import { allEvents } from "../support/all-events.js";
import { reply, status } from "../support/gemini-stand-in.js";
import type { WireBody } from "../support/gemini-wire-check.js";
import { type EventAnswer, until } from "../support/host.js";
import { shareHome } from "../support/shared-home.js";
import { createWindowModel, isSummary, type SmallWindow, tokensIn, tooLong } from "../support/small-window.js";

const WINDOW = 8_000; // tokens
const LARGER = 32_000; // tokens
const TURNS = 20;
const NOTE = 1_500; // characters

const home = shareHome({
  config: `
context_windows: { gemini: { gemini-3.8-flash: ${WINDOW}, gemini-larger: ${LARGER} } }
prices: { gemini: { "*": { input: 1, output: 1 } } }`,
});

type Folded = EventAnswer & {
  readonly turn: number;
  readonly through_seq: number;
  readonly through_turn: number;
  readonly summary: string | null;
  readonly window: number;
  readonly tokens_before: number;
  readonly tokens_after: number;
};

const eventsOf = (runId: string) => allEvents(home.host, runId);
const foldsIn = (events: readonly EventAnswer[]) => events.filter(({ type }) => type === "context_folded") as Folded[];

/** A run whose agent makes one call a turn, each with a note that its answer repeats. */
async function count(model: Partial<SmallWindow> = {}, args: Record<string, unknown> = {}) {
  const played = createWindowModel({ window: WINDOW, turns: TURNS, noteLength: NOTE, ...model });
  const { spawn, prompt } = home.play((_n, body) => played.answer(body));
  const { structured } = await spawn({ tools: ["effects__*"], wait_seconds: 50, ...args });
  expect(structured, JSON.stringify(structured.error)).toMatchObject({ status: "success", result: "done" });
  const events = await eventsOf(structured.run_id);
  return { run: structured, prompt, events, folds: foldsIn(events), model: played };
}

it("a run goes on behind its window: folded in large steps, each an event with a summary whose cost counts", async () => {
  const { run, folds, model, events, prompt } = await count({ turns: 60, noteLength: 400 }, { max_turns: 70 });
  expect(model.refused).toBe(0);
  expect(folds.length).toBeGreaterThan(1);
  expect(folds.length).toBeLessThan(15);
  for (const fold of folds) {
    expect(fold.tokens_before).toBeGreaterThan(WINDOW * 0.8);
    expect(fold.tokens_after).toBeLessThanOrEqual(WINDOW * 0.5);
    expect(fold).toMatchObject({ summary: "The agent has counted so far.", window: WINDOW, usage: expect.any(Object) });
    const next = events.find(({ seq }) => seq === fold.through_seq + 1);
    expect(next).toMatchObject({ type: "turn_started", turn: fold.through_turn + 1 });
  }
  const sent = JSON.stringify(model.last.at(-1));
  expect(sent).toContain(prompt);
  expect(sent).toContain("The agent has counted so far.");
  const costs = events.map((event) => (event as { readonly cost_usd?: number }).cost_usd ?? 0);
  const sum = costs.reduce((all, cost) => all + cost, 0);
  expect(run.cost_usd).toBeCloseTo(sum, 9);
});

it.each([
  ["fails", () => status(400)],
  ["is empty", () => says(text(" "))],
  ["is longer than what it replaces", () => says(text("long ".repeat(20_000)))],
])("a summary that %s gives way to the heads of its turns", async (_name, summary) => {
  const { folds, model } = await count({ summary });
  expect(model.refused).toBe(0);
  expect(folds.length).toBeGreaterThan(0);
  for (const fold of folds) {
    expect(fold).toMatchObject({ reason: expect.any(String), summary: expect.stringMatching(/effects__echo/) });
    expect(fold.tokens_after).toBeLessThanOrEqual(WINDOW * 0.5);
  }
});

it("where the window is smaller than legwork knows, the refusal names it, and the same turn asks again", async () => {
  const { folds, model, events } = await count({}, { model: "gemini-unknown" });
  expect(model.refused).toBe(1);
  expect(folds[0]).toMatchObject({ learned: true, window: WINDOW });
  const failed = events.filter(({ type }) => type === "request_failed");
  expect(failed).toMatchObject([{ code: "context_overflow", turn: folds[0]?.turn, wait_ms: 0 }]);
});

it("large results become heads first, without a summary, and read_result still reads them", async () => {
  const { spawn } = home.play((n, body) => {
    const usage = { promptTokenCount: tokensIn(body), candidatesTokenCount: 20, totalTokenCount: tokensIn(body) + 20 };
    const isRead = JSON.stringify(answersIn({ body })).includes("[end]");
    const next = n <= 12 ? call("effects__big", { n: 9_000 + n }) : call("read_result", { id: "r1.0", offset: 1_000 });
    return reply([isRead ? text("done") : next], { usage });
  });
  const { structured } = await spawn({ tools: ["effects__*"], model: "gemini-larger" });
  expect(structured).toMatchObject({ status: "success", result: "done" });
  const events = await eventsOf(structured.run_id);
  expect(foldsIn(events)).toMatchObject([{ summary: null, through_turn: 0, usage: null, cost_usd: 0 }]);
  const read = events.findLast(({ type }) => type === "tool_call_finished");
  expect(read).toMatchObject({ is_error: false, text: `${"x".repeat(8_001)}\n[end]` });
});

it("a conversation that cannot be folded ends with context_overflow, and says what to do", async () => {
  const { spawn, requests } = home.play((_n, body) => tooLong(tokensIn(body), 10));
  const { structured } = await spawn();
  expect(structured).toMatchObject({ status: "error", error: { code: "context_overflow" } });
  expect(structured.error?.message).toMatch(/folded.*larger/s);
  expect(requests()).toHaveLength(1);
});

it("the next model is asked where folding does not help", async () => {
  const { spawn } = home.play((n, body) => (n === 1 ? tooLong(tokensIn(body), 10) : says(text("done"))));
  const { structured } = await spawn({ model: ["gemini-a", "gemini-b"] });
  expect(structured).toMatchObject({ status: "success", result: "done" });
  expect(await eventsOf(structured.run_id)).toContainEqual(expect.objectContaining({ type: "model_replaced" }));
});

it("the instructions of the present step stay, and a run that continues goes on behind the fold", async () => {
  home.bench.writeHome("workflows/pleas.yaml", "name: pleas\nsteps:\n  - name: only\n    instructions: Say please.\n");
  const seen: WireBody[] = [];
  const played = createWindowModel({ window: WINDOW, turns: TURNS, noteLength: NOTE });
  const { spawn } = home.play((_n, body) => {
    if (!isSummary(body)) seen.push(body);
    const answer = played.answer(body);
    return JSON.stringify(answer).includes('"done"')
      ? says(call("complete", { status: "success", result: "done" }))
      : answer;
  });
  const { structured } = await spawn({ workflow: "pleas", tools: ["effects__*"], wait_seconds: 50 });
  expect(structured).toMatchObject({ status: "success", result: "done" });
  expect(played.summaries.length).toBeGreaterThan(0);
  expect(JSON.stringify(seen.at(-1))).toContain("Say please.");
  const before = seen.at(-1)?.contents ?? [];
  await home.host.call("resume_run", { run_id: structured.run_id, message: "Once more." });
  await until(() => JSON.stringify(seen.at(-1)).includes("Once more."));
  expect(seen.at(-1)?.contents.slice(0, before.length)).toEqual(before);
});
