/** A provider whose requests wait until the limits of its key let them through. */
import { ProviderError } from "../../core/errors.js";
import { type Cost, costOfUsage } from "../../core/pace/pace.js";
import type { ModelRequest, Provider } from "../../core/ports/provider.js";
import type { Message } from "../../core/run/message.js";
import type { Usage } from "../../core/run/run.js";
import { tokensReckoned } from "../../core/run/tokens.js";
import type { End, Pacer, Pass } from "./pacer.js";

/** `account` is null for a provider that nobody limits. */
export function pacedProvider(provider: Provider, account: string | null, pacer: Pacer): Provider {
  if (account === null) return provider;
  /** Of the last request of a conversation: the next one uses about as much. */
  const usages = new WeakMap<readonly Message[], Usage>();

  function enter(request: ModelRequest, signal: AbortSignal): Pass | Promise<Pass> {
    const { patience, messages } = request;
    let cost: Cost | null = null;
    const entered = pacer.enter(account as string, {
      signal,
      withinMs: patience?.millisecondsLeft() ?? Number.POSITIVE_INFINITY,
      cost() {
        cost ??= costOf(request, usages.get(messages));
        return cost;
      },
    });
    if (!(entered instanceof Promise)) return entered;
    request.onActivity?.({ kind: "wait", text: "" });
    return patience?.during(entered) ?? entered;
  }

  return {
    ...provider,
    async reply(request, signal) {
      const entered = enter(request, signal);
      const pass = entered instanceof Promise ? await entered : entered;
      let end: End = { isAnswered: false, usage: null, refused: null };
      try {
        const reply = await provider.reply({ ...request, onLimits: pass.hear }, signal);
        end = { ...end, isAnswered: true, usage: reply.usage };
        if (reply.usage) usages.set(request.messages, reply.usage);
        return reply;
      } catch (error) {
        if (error instanceof ProviderError && error.code === "rate_limited") end = { ...end, refused: error };
        throw error;
      } finally {
        pass.leave(end);
      }
    },
  };
}

function costOf({ system, messages, tools, images }: ModelRequest, usage: Usage | undefined): Cost {
  if (usage) return costOfUsage(usage);
  const tokens = tokensReckoned(messages, { system, tools, mostImages: images?.size ?? 0 });
  return { requests: 1, tokens, input_tokens: tokens, output_tokens: 0 };
}
