/** Requests of servers to the model of a run: counted before anything is waited for. */

import { expect, it } from "vitest";
import type { ModelReply } from "../../../../src/core/ports/provider.js";
import { REDACT_NOTHING } from "../../../../src/core/redact.js";
import type { RequestPlan } from "../../../../src/core/run/budget.js";
import { createSampler } from "../../../../src/runner/calls/sample-model.js";
import type { Breach } from "../../../../src/runner/state/budget.js";
import { newReplay } from "../../../../src/runner/state/replay.js";
import { createRunState } from "../../../../src/runner/state/run-state.js";
import { readReply } from "../../../support/journals.js";
import { REQUEST } from "../../../support/new-run.js";

const ASKED = { server: "s", system: null, messages: [{ role: "user", text: "?" }] } as const;
const { signal } = new AbortController();

/** A sampler whose reads of the budget wait until they are let go on. */
function setSampler() {
  const breaches: ((breach: Breach | null) => void)[] = [];
  let requests = 0;
  const reply = async (): Promise<ModelReply> => {
    requests += 1;
    const raw = { provider: "p", model: "m", content: { text: "yes", calls: [] } };
    return { ok: true, raw, usage: null };
  };
  const budget = {
    breach: () => new Promise<Breach | null>((resolve) => breaches.push(resolve)),
    isLimited: true,
    line: "",
    reservationFor: async (plan: RequestPlan) => ({ plan, ceilings: [] }),
    hasRoom: async () => true,
    left: async () => ({ usd: null, tokens: null }),
  };
  const run = { depth: 1, parentSessionId: "ses_1", request: REQUEST };
  const state = createRunState(run, newReplay(REQUEST), readReply, REDACT_NOTHING);
  const context = { request: REQUEST, state, budget, signal, readReply, secondsLeft: () => 60 };
  const provider = {
    provider: { reply },
    defaultModel: "m",
    mostTools: null,
    windowOf: () => null,
    priceOf: () => null,
  };
  const providers = new Map([[REQUEST.provider, provider]]);
  const sample = createSampler({ post: async () => {}, over: () => signal }, context, { providers });
  return { sample, breaches, requests: () => requests };
}

it("admits 20 where a server asks more often at once, while the money is counted", async () => {
  const { sample, breaches, requests } = setSampler();
  const asking = Promise.allSettled(Array.from({ length: 50 }, () => sample(ASKED, signal)));
  expect(breaches).toHaveLength(20);
  for (const resolve of breaches) resolve(null);
  const results = await asking;
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(20);
  expect(requests()).toBe(20);
});

it("counts no request for which no money is left", async () => {
  const { sample, breaches, requests } = setSampler();
  const refused = sample(ASKED, signal);
  breaches.shift()?.({ failure: { code: "max_cost_usd", message: "all is spent" }, runId: "run_1", isKnown: true });
  await expect(refused).rejects.toThrow("all is spent");
  const asking = Promise.allSettled(Array.from({ length: 25 }, () => sample(ASKED, signal)));
  for (const resolve of breaches) resolve(null);
  expect((await asking).filter(({ status }) => status === "fulfilled")).toHaveLength(20);
  expect(requests()).toBe(20);
});
