/** Gemini as a provider, with the vendor's SDK as a thin transport: contents and history are ours. */
import type { GenerateContentRequest } from "@google/generative-ai";
import { ProviderError } from "../../core/errors.js";
import type { Provider } from "../../core/ports/provider.js";
import type { ToolDeclaration } from "../../core/run/message.js";
import { fromGeminiResponse } from "./from-wire.js";
import { modelIdFault } from "./model-id.js";
import { type GeminiSdk, toProviderError } from "./to-provider-error.js";
import { toFunctionDeclarations, toGeminiRequest } from "./to-wire.js";
import type { FunctionDeclaration, GeminiRequest } from "./wire.js";

interface GeminiOptions {
  readonly apiKey: string;
  /** Where the vendor is, without the version; null for its own address. */
  readonly baseUrl: string | null;
}

/** A provider that asks Gemini; the SDK is loaded with the first reply. */
export function createGeminiProvider(options: GeminiOptions): Provider {
  let loading: Promise<GeminiSdk> | null = null;
  const declarations = new WeakMap<readonly ToolDeclaration[], readonly FunctionDeclaration[]>();

  function declarationsOf(tools: readonly ToolDeclaration[]): readonly FunctionDeclaration[] {
    const known = declarations.get(tools);
    if (known) return known;
    const lowered = toFunctionDeclarations(tools);
    declarations.set(tools, lowered);
    return lowered;
  }

  return {
    async reply(request, signal) {
      signal.throwIfAborted();
      const fault = modelIdFault(request.model);
      if (fault !== null) throw new ProviderError("model_not_found", fault);
      const body = toGeminiRequest(request, declarationsOf(request.tools));
      loading ??= import("@google/generative-ai");
      const sdk = await loading;
      const response = await onOwnSignal(signal, (own) => post(body, request.model, options, sdk, own));
      const reply = fromGeminiResponse(response, request.model);
      // A vendor's words about a refusal may repeat the key, and reasons are kept.
      return reply.ok ? reply : { ...reply, reason: reply.reason.replaceAll(options.apiKey, "[key]") };
    },
  };
}

/** Runs a call on a signal of its own, for the SDK never takes its listeners off; rejects with the reason as soon as `signal` aborts. */
async function onOwnSignal<T>(signal: AbortSignal, call: (own: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted(); // the SDK sends the request although its signal has aborted
  const controller = new AbortController();
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      reject(signal.reason);
      controller.abort(signal.reason);
    };
  });
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([call(controller.signal), aborted]);
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
    // The SDK would throw an error that shows the key.
    throw new ProviderError(
      "unauthorized",
      "The Gemini API key holds characters that no key has: check GEMINI_API_KEY",
    );
  }
  const baseUrl = options.baseUrl?.replace(/\/+$/, "") ?? null;
  const client = new sdk.GoogleGenerativeAI(apiKey).getGenerativeModel({ model }, baseUrl === null ? {} : { baseUrl });
  try {
    const { response } = await client.generateContent(toSdkRequest(body), { signal });
    return response;
  } catch (error) {
    throw toProviderError(error, sdk, { model, apiKey, baseUrl });
  }
}

/** The SDK's types are older than our fields, but it sends on whatever it is given: all it needs is `contents`. */
function toSdkRequest(body: Pick<GeminiRequest, "contents">): GenerateContentRequest {
  return body as GenerateContentRequest;
}
