/** Gemini as a provider. The vendor's SDK only sends requests; legwork builds the contents and keeps the history. */
import type { GenerateContentRequest } from "@google/generative-ai";
import { type ProviderSetup, storedOrigin } from "../../core/definitions/provider-setup.js";
import { ProviderError } from "../../core/errors.js";
import type { ModelActivity, ModelRequest, Provider } from "../../core/ports/provider.js";
import type { RawReply, ToolDeclaration } from "../../core/run/message.js";
import { beginAttempt, redacted, unansweredError } from "../http/attempt.js";
import { sendGuarded } from "../http/guard-requests.js";
import { onOwnSignal } from "../http/on-own-signal.js";
import { fromGeminiResponse } from "./from-wire.js";
import { joinChunks } from "./join-chunks.js";
import { modelIdFault } from "./model-id.js";
import { type GeminiSdk, toProviderError } from "./to-provider-error.js";
import { toFunctionDeclarations, toGeminiRequest } from "./to-wire.js";
import { BASE_URL, type FunctionDeclaration, GEMINI, type GeminiRequest, TITLE } from "./wire.js";

const IMAGE_TYPES = new Set(["image/png", "image/jpeg", "image/webp"]);

/** Creates a provider that asks Gemini. It loads the SDK with the first request. */
export function createGeminiProvider(setup: ProviderSetup): Provider {
  let loading: Promise<GeminiSdk> | null = null;
  const declarations = new WeakMap<readonly ToolDeclaration[], Promise<readonly FunctionDeclaration[]>>();
  const origin = setup.baseUrl === BASE_URL ? undefined : storedOrigin(setup.baseUrl);

  function declarationsOf(tools: readonly ToolDeclaration[]): Promise<readonly FunctionDeclaration[]> {
    const lowered = declarations.get(tools) ?? toFunctionDeclarations(tools);
    declarations.set(tools, lowered);
    return lowered;
  }

  return {
    imageTypes: IMAGE_TYPES,
    async reply(request, signal) {
      signal.throwIfAborted();
      const { model } = request;
      const fault = modelIdFault(model);
      if (fault !== null) throw new ProviderError("model_not_found", fault);
      const body = toGeminiRequest(request, await declarationsOf(request.tools), origin);
      loading ??= import("@google/generative-ai");
      const sdk = await loading;
      const tell = (activity: ModelActivity) => request.onActivity?.(activity);
      const { onLimits } = request;
      const response = await onOwnSignal(signal, (own) => ask(body, { model, setup, sdk, tell, onLimits }, own));
      const from: Omit<RawReply, "content"> = {
        provider: setup.name,
        ...(setup.name !== GEMINI && { wire: GEMINI }),
        ...(origin !== undefined && { origin }),
        model,
      };
      const reply = fromGeminiResponse(response, from);
      // The vendor's explanation of a refusal may repeat the key, and legwork stores reasons.
      return reply.ok ? reply : { ...reply, reason: redacted(reply.reason, setup) };
    },
  };
}

interface AskOptions {
  readonly model: string;
  readonly setup: ProviderSetup;
  readonly sdk: GeminiSdk;
  readonly onLimits: ModelRequest["onLimits"];
  tell(activity: ModelActivity): void;
}

/** The response of which the stream holds the chunks. */
async function ask(body: GeminiRequest, options: AskOptions, signal: AbortSignal): Promise<unknown> {
  const { model, setup, sdk, tell, onLimits } = options;
  const attempt = await beginAttempt(titleOf(setup), model, setup, onLimits);
  const client = new sdk.GoogleGenerativeAI(setup.apiKey ?? "none").getGenerativeModel(
    { model },
    { baseUrl: setup.baseUrl },
  );
  try {
    return await sendGuarded(attempt.sent, async () => {
      const { stream, response } = await client.generateContentStream(toSdkRequest(body), { signal });
      response.catch(() => {}); // the SDK's own joining, which rejects with the stream
      const joined = joinChunks(tell);
      for await (const chunk of stream) joined.add(chunk);
      if (joined.isCut) throw unansweredError(new Error("the stream ended before the reply did"), attempt);
      return joined.response;
    });
  } catch (error) {
    throw error instanceof ProviderError ? error : toProviderError(error, sdk, attempt);
  }
}

/** The SDK's types lack some of our fields, but it sends every field; it needs only `contents`. */
function toSdkRequest(body: Pick<GeminiRequest, "contents">): GenerateContentRequest {
  return body as GenerateContentRequest;
}

/** An entry of the user is known to him by its own name. */
function titleOf({ name }: ProviderSetup): string {
  return name === GEMINI ? TITLE : name;
}
