/** Lets a server ask the model of the run that calls it: counted, recorded and bounded. */

import { ProviderError } from "../../core/errors.js";
import type { CallOptions, SampleRequest } from "../../core/ports/downstream.js";
import type { ModelReply, ModelRequest, Patience, Provider } from "../../core/ports/provider.js";
import { costOf } from "../../core/run/cost.js";
import { untilAborted } from "../../lib/until-aborted.js";
import { modelInStep } from "../request/model-in-step.js";
import type { CallDeps, TurnContext } from "../state/turn-context.js";
import type { CallEvents } from "./call-events.js";
import { judgeFailure, pause } from "./judge-failure.js";

const MOST_SAMPLINGS = 20; // of one run, whose user pays for them

/** Lets the servers of one group of calls ask the model of the run. */
export function createSampler(
  callEvents: Pick<CallEvents, "post" | "over">,
  context: Pick<TurnContext, "request" | "state" | "budget" | "signal" | "readReply" | "secondsLeft">,
  { providers }: Pick<CallDeps, "providers">,
): CallOptions["sample"] {
  const { request, state } = context;
  let samplings = state.history.samplings; // with those that are not recorded yet: a server may ask many times at once
  return async (asked, signal) => {
    const { turn } = state.history;
    const { server } = asked;
    if (samplings >= MOST_SAMPLINGS) throw new Error(`servers may ask ${MOST_SAMPLINGS} times in a run, and have`);
    samplings += 1; // before anything is waited for: others ask meanwhile
    const breach = await context.budget.breach();
    if (breach) {
      samplings -= 1;
      throw new Error(breach.failure.message);
    }
    const stopped = AbortSignal.any([signal, context.signal, callEvents.over()]);
    await untilAborted(callEvents.post({ type: "sampling_requested", turn, server }), stopped);
    const system = asked.system ?? "";
    const messages = [{ role: "user", text: promptFrom(asked) }] as const;
    const { provider, name, price, settings } = modelInStep(
      request,
      state.step,
      providers,
      state.history.refusedModels,
    );
    const { model } = name;
    // The call that it belongs to is no silence.
    const patience: Patience = { millisecondsLeft: () => context.secondsLeft() * 1000, during: (wait) => wait };
    const reply = await replyFor({ model, system, messages, tools: [], settings, patience }, provider, server, stopped);
    const { usage } = reply;
    const costUsd = reply.costUsd ?? costOf(usage, price);
    await untilAborted(callEvents.post({ type: "sampling_replied", turn, server, usage, costUsd }), stopped);
    if (!reply.ok) throw new Error(reply.reason);
    return { model, text: context.readReply(reply.raw).text };
  };

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
        await untilAborted(callEvents.post(event), stopped);
        if (waitMs === null) throw new Error(failure.message);
        await pause(waitMs, stopped);
        waitedMs += waitMs;
      }
    }
  }
}

/** A vendor takes back only replies of its own model, so a conversation of others becomes one text. */
function promptFrom({ messages }: SampleRequest): string {
  const [only, ...others] = messages;
  if (only && others.length === 0) return only.text;
  return messages.map(({ role, text }) => `${role === "user" ? "User" : "Assistant"}: ${text}`).join("\n\n");
}
