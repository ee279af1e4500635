/** Anthropic as a provider. The vendor's SDK only sends requests; legwork builds the messages and puts the replies together. */
import { type ProviderSetup, storedOrigin } from "../../core/definitions/provider-setup.js";
import { ProviderError } from "../../core/errors.js";
import type { ModelActivity, ModelRequest, Provider } from "../../core/ports/provider.js";
import type { RawReply } from "../../core/run/message.js";
import { once } from "../../lib/once.js";
import { type Attempt, beginAttempt, redacted, unansweredError, unreadableError } from "../http/attempt.js";
import { sendGuarded } from "../http/guard-requests.js";
import { onOwnSignal } from "../http/on-own-signal.js";
import { type Client, createClient } from "./client.js";
import { fromAnthropicMessage } from "./from-wire.js";
import { type JoinedMessage, joinEvents } from "./join-events.js";
import { modelIdFault } from "./models.js";
import { createBoundThinking } from "./request/bound-thinking.js";
import { toAnthropicRequest } from "./request/to-wire.js";
import { toolHistoryOf } from "./request/tool-changes.js";
import { type AnthropicSdk, isThinkingRefused, toProviderError } from "./to-provider-error.js";
import { ANTHROPIC, type AnthropicRequest, isVendor, TITLE } from "./wire.js";

const IMAGE_TYPES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

/** Creates a provider that asks Anthropic. It loads the SDK with the first request. */
export function createAnthropicProvider(setup: ProviderSetup): Provider {
  const load = once(async () => {
    const sdk = await import("@anthropic-ai/sdk");
    return { sdk, client: createClient(sdk, setup) };
  });
  const origin = isVendor(setup.baseUrl) ? undefined : storedOrigin(setup.baseUrl);
  const betas = origin === undefined || setup.betas;
  const thinking = createBoundThinking({ isDropped: betas });

  return {
    imageTypes: IMAGE_TYPES,
    async reply(request, signal) {
      signal.throwIfAborted();
      const { model } = request;
      const fault = modelIdFault(model);
      if (fault !== null) throw new ProviderError("model_not_found", fault);
      const loaded = await load();
      const history = toolHistoryOf(request);
      const bodyNow = () =>
        toAnthropicRequest(request, history, { origin, betas, thinkingFrom: thinking.from(request) });
      const options = { setup, ...loaded, tell: tellOf(request), onLimits: request.onLimits };
      const joined = await onOwnSignal(signal, async (own) => {
        try {
          return await ask(bodyNow(), options, own);
        } catch (error) {
          const isRefused = error instanceof ProviderError && isThinkingRefused(error.cause);
          if (!isRefused || !thinking.leaveOut(request)) throw error;
          return await ask(bodyNow(), options, own);
        }
      });
      const reply = fromAnthropicMessage(joined, fromOf(setup, origin, model));
      // The vendor's explanation of a refusal may repeat the key, and legwork stores reasons.
      return reply.ok ? reply : { ...reply, reason: redacted(reply.reason, setup) };
    },
  };
}

function tellOf(request: ModelRequest): (activity: ModelActivity) => void {
  return (activity) => request.onActivity?.(activity);
}

function fromOf({ name }: ProviderSetup, origin: string | undefined, model: string): Omit<RawReply, "content"> {
  return {
    provider: name,
    ...(name !== ANTHROPIC && { wire: ANTHROPIC }),
    ...(origin !== undefined && { origin }),
    model,
  };
}

interface AskOptions {
  readonly setup: ProviderSetup;
  readonly sdk: AnthropicSdk;
  readonly client: Client;
  readonly onLimits: ModelRequest["onLimits"];
  tell(activity: ModelActivity): void;
}

/** The message that the stream tells. */
async function ask(body: AnthropicRequest, options: AskOptions, signal: AbortSignal): Promise<JoinedMessage> {
  const { setup, sdk, client, tell, onLimits } = options;
  const attempt = await beginAttempt(titleOf(setup), body.model, setup, onLimits);
  try {
    return await sendGuarded(attempt.sent, async () => {
      const { data: events, response } = await client.send(body, signal);
      const joined = joinEvents(tell);
      for await (const event of events) addTo(joined, event, attempt);
      if (joined.isComplete) return joined;
      const type = response.headers.get("content-type") ?? "";
      // Another form of answer has no events at all.
      if (joined.hasBegun || /^(text\/event-stream|$)/i.test(type))
        throw unansweredError(new Error("the stream ended before the reply did"), attempt);
      throw unreadableError(new Error(`content of the type ${type}`), attempt);
    });
  } catch (error) {
    throw error instanceof ProviderError ? error : toProviderError(error, sdk, attempt);
  }
}

function addTo(joined: JoinedMessage, event: unknown, attempt: Attempt): void {
  try {
    joined.add(event);
  } catch (error) {
    throw unreadableError(error, attempt);
  }
}

/** An entry of the user is known to him by its own name. */
function titleOf({ name }: ProviderSetup): string {
  return name === ANTHROPIC ? TITLE : name;
}
