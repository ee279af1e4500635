/** Requests of servers to the model of a run: counted before anything is waited for. */

import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import type { RunEvent, StoredEvent } from "../../../../src/core/journal/event.js";
import type { ModelReply, ModelRequest } from "../../../../src/core/ports/provider.js";
import { REDACT_NOTHING } from "../../../../src/core/redact.js";
import type { RequestPlan } from "../../../../src/core/run/budget.js";
import { createSampler } from "../../../../src/runner/calls/sample-model.js";
import type { Breach } from "../../../../src/runner/state/budget.js";
import { createBudgetLines } from "../../../../src/runner/state/budget-lines.js";
import { newReplay } from "../../../../src/runner/state/replay.js";
import { createRunState } from "../../../../src/runner/state/run-state.js";
import { readReply } from "../../../support/journals.js";
import { REQUEST } from "../../../support/new-run.js";

const ASKED = { server: "s", system: null, messages: [{ role: "user", text: "?" }] } as const;
const { signal } = new AbortController();

/** A sampler whose run has a limit, of which the checks find these breaches in turn, and then none. */
function setSampler(...breaches: readonly Breach[]) {
  const left = [...breaches];
  const posted: RunEvent[] = [];
  let [requests, inFlight, mostAtOnce] = [0, 0, 0];
  const reply = async ({ messages }: ModelRequest, asked: AbortSignal): Promise<ModelReply> => {
    requests += 1;
    mostAtOnce = Math.max(mostAtOnce, ++inFlight);
    if (JSON.stringify(messages).includes("hang")) await once(asked, "abort");
    await setImmediate();
    inFlight -= 1;
    asked.throwIfAborted();
    const raw = { provider: "p", model: "m", content: { text: "yes", calls: [] } };
    return { ok: true, raw, usage: null };
  };
  const budget = {
    breach: async () => {
      await setImmediate();
      return left.shift() ?? null;
    },
    isLimited: true,
    line: "",
    reservationFor: async (plan: RequestPlan) => ({ plan, ceilings: [] }),
    hasRoom: async () => true,
    left: async () => ({ usd: null, tokens: null }),
  };
  const run = { depth: 1, parentSessionId: "ses_1", request: REQUEST };
  const state = createRunState(run, newReplay(REQUEST), readReply, REDACT_NOTHING);
  const budgetLines = createBudgetLines();
  const member = { ...run, id: "run_1", sessionId: "ses_2", parentRunId: null, rootRunId: "run_1", project: "/p" };
  const context = {
    run: member,
    request: REQUEST,
    state,
    budget,
    budgetLines,
    signal,
    readReply,
    secondsLeft: () => 60,
  };
  const provider = {
    provider: { reply },
    defaultModel: "m",
    mostTools: null,
    windowOf: () => null,
    priceOf: () => null,
  };
  const providers = new Map([[REQUEST.provider, provider]]);
  const post = async (events: readonly RunEvent[]) => {
    posted.push(...events);
    return events.map((event, index): StoredEvent => ({ seq: index, at: 0, event }));
  };
  const sample = createSampler({ post, over: () => signal }, context, { providers });
  return { sample, posted, requests: () => requests, mostAtOnce: () => mostAtOnce };
}

it("admits 20 where a server asks more often at once, one after the other, each with its reservation", async () => {
  const { sample, posted, requests, mostAtOnce } = setSampler();
  const results = await Promise.allSettled(Array.from({ length: 50 }, () => sample(ASKED, signal)));
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(20);
  expect([requests(), mostAtOnce()]).toEqual([20, 1]);
  const kinds = ["sampling_requested", "budget_reserved", "sampling_replied"];
  expect(posted.map(({ type }) => type)).toEqual(Array.from({ length: 20 }, () => kinds).flat());
});

it("counts no request for which no money is left", async () => {
  const spent = { failure: { code: "max_cost_usd", message: "all is spent" }, runId: "run_1", isKnown: true };
  const { sample, posted, requests } = setSampler(spent);
  await expect(sample(ASKED, signal)).rejects.toThrow("all is spent");
  expect(posted).toEqual([]);
  const asking = await Promise.allSettled(Array.from({ length: 25 }, () => sample(ASKED, signal)));
  expect(asking.filter(({ status }) => status === "fulfilled")).toHaveLength(20);
  expect(requests()).toBe(20);
});

it("frees what was reserved for a question that its server takes back, and the next one has its turn", async () => {
  const { sample, posted } = setSampler();
  const server = new AbortController();
  const takenBack = sample({ ...ASKED, messages: [{ role: "user", text: "hang" }] }, server.signal);
  const next = sample(ASKED, signal);
  await vi.waitFor(() => expect(posted.map(({ type }) => type)).toContain("budget_reserved"));
  server.abort(new Error("never mind"));
  await expect(takenBack).rejects.toThrow("never mind");
  await expect(next).resolves.toMatchObject({ text: "yes" });
  expect(posted.map(({ type }) => type)).toEqual([
    "sampling_requested",
    "budget_reserved",
    "request_failed",
    "sampling_requested",
    "budget_reserved",
    "sampling_replied",
  ]);
  expect(posted[2]).toMatchObject({ server: "s", code: "cancelled", waitMs: null });
});
