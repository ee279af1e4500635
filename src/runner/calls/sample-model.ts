/** Lets a server ask the model of the run that calls it: counted, recorded and bounded. */

import { ProviderError } from "../../core/errors.js";
import type { RunEvent } from "../../core/journal/event.js";
import type { CallOptions, SampleReply, SampleRequest } from "../../core/ports/downstream.js";
import type { ModelReply, ModelRequest, Patience, Provider } from "../../core/ports/provider.js";
import type { RequestPlan } from "../../core/run/budget.js";
import { costOf } from "../../core/run/cost.js";
import { planRequest } from "../../core/run/request-plan.js";
import { untilAborted } from "../../lib/until-aborted.js";
import { modelInStep } from "../request/model-in-step.js";
import type { CallDeps, TurnContext } from "../state/turn-context.js";
import type { CallEvents } from "./call-events.js";
import { judgeFailure, pause } from "./judge-failure.js";
import { awaitRoom, grantIn, reservationOf } from "./reservation.js";

const MOST_SAMPLINGS = 20; // of one run, whose user pays for them

type Requested = Extract<RunEvent, { type: "sampling_requested" }>;

type SamplerContext = Pick<
  TurnContext,
  "run" | "request" | "state" | "budget" | "budgetLines" | "signal" | "readReply" | "secondsLeft"
>;

/** Lets the servers of one group of calls ask the model of the run. */
export function createSampler(
  callEvents: Pick<CallEvents, "post" | "over">,
  context: SamplerContext,
  { providers }: Pick<CallDeps, "providers">,
): CallOptions["sample"] {
  const { request, state, budget, budgetLines } = context;
  let samplings = state.history.samplings; // with those that are not recorded yet: a server may ask many times at once

  async function sample(asked: SampleRequest, stopped: AbortSignal): Promise<SampleReply> {
    const { turn, longestReply, refusedModels } = state.history;
    const { server } = asked;
    const { provider, name, price, settings } = modelInStep(request, state.step, providers, refusedModels);
    const { model } = name;
    const system = asked.system ?? "";
    const messages = [{ role: "user", text: promptFrom(asked) }] as const;
    const { maxOutputTokens } = settings;
    const history = { messages, lastUsage: null, longestReply };
    const overhead = { system, tools: [], mostImages: 0 };
    const plan = planRequest({ history, ...overhead, price, maxOutputTokens, isLast: false });
    const breach = await budget.breach(() => plan);
    if (breach) {
      samplings -= 1;
      throw new Error(breach.failure.message);
    }
    const outputTokens = await record({ type: "sampling_requested", turn, server }, plan, maxOutputTokens, stopped);
    // The call that it belongs to is no silence.
    const patience: Patience = { millisecondsLeft: () => context.secondsLeft() * 1000, during: (wait) => wait };
    const sent = {
      model,
      system,
      messages,
      tools: [],
      settings: { ...settings, maxOutputTokens: outputTokens },
      patience,
    };
    const reply = await replyFor(sent, provider, server, stopped);
    const { usage } = reply;
    const costUsd = reply.costUsd ?? costOf(usage, price);
    await untilAborted(callEvents.post([{ type: "sampling_replied", turn, server, usage, costUsd }]), stopped);
    if (!reply.ok) throw new Error(reply.reason);
    return { model, text: context.readReply(reply.raw).text };
  }

  /** Records the question with its share of the limits. The tokens of output that it may have; rejects where there are none. */
  async function record(asked: Requested, plan: RequestPlan, unlimited: number | null, stopped: AbortSignal) {
    if (!budget.isLimited) {
      await untilAborted(callEvents.post([asked]), stopped);
      return unlimited;
    }
    const { turn, server } = asked;
    const letNext = await budgetLines.enter(budget.line, stopped);
    try {
      for (let first: readonly RunEvent[] = [asked]; ; first = []) {
        const events = [...first, reservationOf(plan, { turn, server })];
        const saved = callEvents.post(events, await budget.reservationFor(plan));
        const outputTokens = grantIn(await untilAborted(saved, stopped));
        if (outputTokens !== null) return outputTokens;
        const breach = await awaitRoom(plan, budget, stopped);
        stopped.throwIfAborted();
        if (breach !== null) throw new Error(breach.failure.message);
      }
    } finally {
      letNext();
    }
  }

  function takenBack(server: string): RunEvent {
    const { turn } = state.history;
    const reason = "the server took its question back";
    return { type: "request_failed", turn, server, tries: 1, code: "cancelled", status: null, reason, waitMs: null };
  }

  /** Asks again after a failure that may pass; rejects with the reason for the server. */
  async function replyFor(
    asked: ModelRequest,
    provider: Provider,
    server: string,
    stopped: AbortSignal,
  ): Promise<ModelReply> {
    let waitedMs = 0;
    for (let made = 1; ; made++) {
      try {
        return await provider.reply(asked, stopped);
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        const { event, waitMs, failure } = judgeFailure(error, { made, waitedMs }, context, { server });
        await untilAborted(callEvents.post([event]), stopped);
        if (waitMs === null) throw new Error(failure.message);
        await pause(waitMs, stopped);
        waitedMs += waitMs;
      }
    }
  }

  return async (asked, signal) => {
    if (samplings >= MOST_SAMPLINGS) throw new Error(`servers may ask ${MOST_SAMPLINGS} times in a run, and have`);
    samplings += 1; // before anything is waited for: others ask meanwhile
    const stopped = AbortSignal.any([signal, context.signal, callEvents.over()]);
    if (!budget.isLimited) return await sample(asked, stopped);
    // The row of a run holds one reservation.
    const letNext = await budgetLines.enter(`questions in ${context.run.id}`, stopped);
    try {
      return await sample(asked, stopped);
    } catch (error) {
      if (signal.aborted) void callEvents.post([takenBack(asked.server)]); // its call may last, and would hold its share
      throw error;
    } finally {
      letNext();
    }
  };
}

/** A vendor takes back only replies of its own model, so a conversation of others becomes one text. */
function promptFrom({ messages }: SampleRequest): string {
  const [only, ...others] = messages;
  if (only && others.length === 0) return only.text;
  return messages.map(({ role, text }) => `${role === "user" ? "User" : "Assistant"}: ${text}`).join("\n\n");
}
