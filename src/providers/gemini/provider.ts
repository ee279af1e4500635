/** Gemini as a provider. The vendor's SDK only sends requests; legwork builds the contents and keeps the history. */
import type { GenerateContentRequest } from "@google/generative-ai";
import { ProviderError } from "../../core/errors.js";
import type { Provider } from "../../core/ports/provider.js";
import type { ToolDeclaration } from "../../core/run/message.js";
import { untilAborted } from "../../lib/until-aborted.js";
import { fromGeminiResponse } from "./from-wire.js";
import { guardedRequest, installGuard, sendGuarded } from "./guard-requests.js";
import { modelIdFault } from "./model-id.js";
import { type GeminiSdk, toProviderError } from "./to-provider-error.js";
import { toFunctionDeclarations, toGeminiRequest } from "./to-wire.js";
import type { FunctionDeclaration, GeminiRequest } from "./wire.js";

interface GeminiOptions {
  readonly apiKey: string;
  /** The base URL of the API, without the version; null for the vendor's own. */
  readonly baseUrl: string | null;
}

const IMAGE_TYPES = new Set(["image/png", "image/jpeg", "image/webp"]);
const VENDOR = "https://generativelanguage.googleapis.com";

/** Creates a provider that asks Gemini. It loads the SDK with the first request. */
export function createGeminiProvider(options: GeminiOptions): Provider {
  let loading: Promise<GeminiSdk> | null = null;
  const declarations = new WeakMap<readonly ToolDeclaration[], Promise<readonly FunctionDeclaration[]>>();

  function declarationsOf(tools: readonly ToolDeclaration[]): Promise<readonly FunctionDeclaration[]> {
    const known = declarations.get(tools);
    if (known !== undefined) return known;
    const lowered = toFunctionDeclarations(tools);
    declarations.set(tools, lowered);
    return lowered;
  }

  return {
    imageTypes: IMAGE_TYPES,
    async reply(request, signal) {
      signal.throwIfAborted();
      const fault = modelIdFault(request.model);
      if (fault !== null) throw new ProviderError("model_not_found", fault);
      const body = toGeminiRequest(request, await declarationsOf(request.tools));
      loading ??= import("@google/generative-ai");
      const sdk = await loading;
      const response = await onOwnSignal(signal, (own) => post(body, request.model, options, sdk, own));
      const reply = fromGeminiResponse(response, request.model);
      // The vendor's explanation of a refusal may repeat the key, and legwork stores reasons.
      return reply.ok ? reply : { ...reply, reason: reply.reason.replaceAll(options.apiKey, "[key]") };
    },
  };
}

/** Runs a call with a signal of its own, because the SDK never removes its listeners. Rejects with the reason as soon as `signal` aborts. */
async function onOwnSignal<T>(signal: AbortSignal, call: (own: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted(); // the SDK sends the request even where its signal has aborted
  const controller = new AbortController();
  const outcome = untilAborted(call(controller.signal), signal);
  const onAbort = () => controller.abort(signal.reason); // after the listener of untilAborted, whose reason counts
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await outcome;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function post(
  body: GeminiRequest,
  model: string,
  options: GeminiOptions,
  sdk: GeminiSdk,
  signal: AbortSignal,
): Promise<unknown> {
  const { apiKey } = options;
  if (!/^[!-~]+$/.test(apiKey)) {
    // The SDK would throw an error that holds the key.
    throw new ProviderError("unauthorized", "The Gemini API key has characters that no key has: check GEMINI_API_KEY");
  }
  if (!(await installGuard())) {
    const message = `Node ${process.versions.node} keeps requests from the guard that binds the API key to its address, so legwork sends none: use Node 20, 22 or 24`;
    throw new ProviderError("redirected", message);
  }
  const baseUrl = (options.baseUrl ?? VENDOR).replace(/\/+$/, "");
  if (!URL.canParse(baseUrl)) {
    const message = "Gemini's address is none: check GOOGLE_GEMINI_BASE_URL in the environment of legwork";
    throw new ProviderError("invalid_request", message);
  }
  const client = new sdk.GoogleGenerativeAI(apiKey).getGenerativeModel({ model }, { baseUrl });
  const sent = guardedRequest(baseUrl);
  try {
    const { response } = await sendGuarded(sent, () => client.generateContent(toSdkRequest(body), { signal }));
    return response;
  } catch (error) {
    throw toProviderError(error, sdk, { model, apiKey, sent });
  }
}

/** The SDK's types lack some of our fields, but it sends every field; it needs only `contents`. */
function toSdkRequest(body: Pick<GeminiRequest, "contents">): GenerateContentRequest {
  return body as GenerateContentRequest;
}
