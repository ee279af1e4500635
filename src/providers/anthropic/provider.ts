/** Anthropic as a provider. The vendor's SDK only sends requests; legwork builds the messages and puts the replies together. */
import type { ProviderSetup } from "../../core/definitions/provider-setup.js";
import { ProviderError } from "../../core/errors.js";
import type { ModelActivity, ModelRequest, Provider } from "../../core/ports/provider.js";
import { once } from "../../lib/once.js";
import { beginAttempt, redacted, unansweredError } from "../http/attempt.js";
import { sendGuarded } from "../http/guard-requests.js";
import { onOwnSignal } from "../http/on-own-signal.js";
import { sourceOf, targetOf, titleOf } from "../http/reply-target.js";
import { type Client, createClient } from "./client.js";
import { fromAnthropicMessage } from "./from-wire.js";
import { type JoinedMessage, joinEvents } from "./join-events.js";
import { modelIdFault } from "./models.js";
import { createBoundThinking } from "./request/bound-thinking.js";
import { type Form, FULL_FORM, learnFrom } from "./request/learn.js";
import { toAnthropicRequest } from "./request/to-wire.js";
import { toolHistoryOf } from "./request/tool-changes.js";
import { type AnthropicSdk, isThinkingRefused, refusedForm, toProviderError } from "./to-provider-error.js";
import { ANTHROPIC, type AnthropicRequest, VENDOR } from "./wire.js";

const IMAGE_TYPES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

const MOST_CHANGES = 6; // of one request; more than there are to make

/** Creates a provider that asks Anthropic. It loads the SDK with the first request. */
export function createAnthropicProvider(setup: ProviderSetup): Provider {
  const load = once(async () => {
    const sdk = await import("@anthropic-ai/sdk");
    return { sdk, client: createClient(sdk, setup) };
  });
  const takesBetas = setup.baseUrl === VENDOR.baseUrl || setup.betas;
  const thinking = createBoundThinking();
  const forms = new Map<string, Form>();

  return {
    imageTypes: IMAGE_TYPES,
    async reply(request, signal) {
      signal.throwIfAborted();
      const { model } = request;
      const fault = modelIdFault(model);
      if (fault !== null) throw new ProviderError("model_not_found", fault);
      const loaded = await load();
      const target = targetOf(setup, VENDOR, { wire: ANTHROPIC, model });
      const history = toolHistoryOf(request);
      const options = { setup, ...loaded, tell: tellOf(request), onLimits: request.onLimits };
      const joined = await onOwnSignal(signal, async (own) => {
        let room = Number.POSITIVE_INFINITY;
        for (let changes = 0; ; changes++) {
          const form = forms.get(model) ?? FULL_FORM;
          const betas = takesBetas && form.betas;
          const thinkingFrom = thinking.from(request, { isDropped: betas });
          const body = toAnthropicRequest(request, history, { target, betas, thinkingFrom, room, form });
          try {
            return await ask(body, options, own);
          } catch (error) {
            const cause = error instanceof ProviderError ? error.cause : null;
            if (changes === MOST_CHANGES) throw error;
            if (isThinkingRefused(cause) && thinking.leaveOut(request)) continue;
            const lesson = learnFrom(refusedForm(cause) ?? "", form, body);
            if (lesson === null) throw error;
            if ("room" in lesson) room = lesson.room;
            else forms.set(model, lesson.form);
          }
        }
      });
      const reply = fromAnthropicMessage(joined, sourceOf(setup, target));
      // The vendor's explanation of a refusal may repeat the key, and legwork stores reasons.
      return reply.ok ? reply : { ...reply, reason: redacted(reply.reason, setup) };
    },
  };
}

function tellOf(request: ModelRequest): (activity: ModelActivity) => void {
  return (activity) => request.onActivity?.(activity);
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
  const attempt = await beginAttempt(titleOf(setup, VENDOR), body.model, setup, onLimits);
  try {
    const joined = joinEvents(tell);
    await sendGuarded(attempt.sent, () => client.send(body, joined, signal));
    if (joined.isComplete) return joined;
    throw unansweredError(new Error("the stream ended before the reply did"), attempt);
  } catch (error) {
    throw error instanceof ProviderError ? error : toProviderError(error, sdk, attempt);
  }
}
