/** Gemini as a provider. The vendor's SDK only sends requests; legwork builds the contents and keeps the history. */
import type { GenerateContentRequest } from "@google/generative-ai";
import type { ProviderSetup } from "../../core/definitions/provider-setup.js";
import { ProviderError } from "../../core/errors.js";
import type { ModelActivity, ModelRequest, Provider } from "../../core/ports/provider.js";
import type { ToolDeclaration } from "../../core/run/message.js";
import { beginAttempt, redacted, unansweredError } from "../http/attempt.js";
import { sendGuarded } from "../http/guard-requests.js";
import { onOwnSignal } from "../http/on-own-signal.js";
import { sourceOf, targetOf, titleOf } from "../http/reply-target.js";
import { FREE_OUTPUT, outputWithin, type SmallerOutput, smallerOutput } from "../http/smaller-output.js";
import { wholeAnswer } from "../http/whole-answer.js";
import { fromGeminiResponse } from "./from-wire.js";
import { chunksIn, errorIn, joinChunks } from "./join-chunks.js";
import { modelIdFault } from "./model-id.js";
import { type GeminiSdk, refusedError, refusedForm, refusesThinking, toProviderError } from "./to-provider-error.js";
import { toFunctionDeclarations, toGeminiRequest } from "./to-wire.js";
import { type FunctionDeclaration, GEMINI, type GeminiRequest, VENDOR } from "./wire.js";

const IMAGE_TYPES = new Set(["image/png", "image/jpeg", "image/webp"]);

const MOST_CHANGES = 4; // of one request; more than there are to make

/** The form of requests that a provider has learned for a model. */
interface Learned {
  /** Whether it takes settings of its thinking. */
  thinks: boolean;
  output: SmallerOutput;
}

/** Creates a provider that asks Gemini. It loads the SDK with the first request. */
export function createGeminiProvider(setup: ProviderSetup): Provider {
  let loading: Promise<GeminiSdk> | null = null;
  const declarations = new WeakMap<readonly ToolDeclaration[], Promise<readonly FunctionDeclaration[]>>();
  const learned = new Map<string, Learned>();

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
      const tools = await declarationsOf(request.tools);
      const target = targetOf(setup, VENDOR, { wire: GEMINI, model });
      const known = learned.get(model) ?? { thinks: true, output: FREE_OUTPUT };
      learned.set(model, known);
      loading ??= import("@google/generative-ai");
      const sdk = await loading;
      const tell = (activity: ModelActivity) => request.onActivity?.(activity);
      const { onLimits } = request;
      const options = { model, setup, sdk, tell, onLimits };
      const response = await onOwnSignal(signal, async (own) => {
        let room = FREE_OUTPUT; // that this request leaves
        for (let changes = 0; ; changes++) {
          const limited = outputWithin(outputWithin(request, known.output), room);
          const body = toGeminiRequest(limited, tools, target, known);
          try {
            return await ask(body, options, own);
          } catch (error) {
            const words = error instanceof ProviderError ? refusedForm(error.cause) : null;
            if (words === null || changes === MOST_CHANGES) throw error;
            const { thinkingConfig, maxOutputTokens } = body.generationConfig ?? {};
            const smaller = maxOutputTokens === undefined ? null : smallerOutput(words, maxOutputTokens);
            if (smaller?.of === "request") room = smaller;
            else if (smaller !== null) known.output = smaller;
            else if (thinkingConfig !== undefined && refusesThinking(words)) known.thinks = false;
            else throw error;
          }
        }
      });
      const reply = fromGeminiResponse(response, sourceOf(setup, target));
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

/** The response of which the answer holds the chunks. */
async function ask(body: GeminiRequest, options: AskOptions, signal: AbortSignal): Promise<unknown> {
  const { model, setup, sdk, tell, onLimits } = options;
  const attempt = await beginAttempt(titleOf(setup, VENDOR), model, setup, onLimits);
  const { sent } = attempt;
  sent.body = [];
  const client = new sdk.GoogleGenerativeAI(setup.apiKey ?? "none").getGenerativeModel(
    { model },
    { baseUrl: setup.baseUrl },
  );
  const joined = joinChunks(tell);
  const add = (chunk: unknown) => {
    const error = errorIn(chunk);
    if (error !== null) throw refusedError(error, attempt, new Error(JSON.stringify(error)));
    joined.add(chunk);
  };
  try {
    await sendGuarded(sent, async () => {
      const { stream, response } = await client.generateContentStream(toSdkRequest(body), { signal });
      response.catch(() => {}); // the SDK's own joining, which rejects with the stream
      for await (const chunk of stream) {
        sent.body = null;
        add(chunk);
      }
    });
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    const isRefused = error instanceof sdk.GoogleGenerativeAIFetchError;
    const chunks = isRefused ? null : chunksIn(wholeAnswer(sent));
    if (chunks === null) throw toProviderError(error, sdk, attempt);
    for (const chunk of chunks) add(chunk);
  }
  if (joined.isCut) throw unansweredError(new Error("the stream ended before the reply did"), attempt);
  return joined.response;
}

/** The SDK's types lack some of our fields, but it sends every field; it needs only `contents`. */
function toSdkRequest(body: Pick<GeminiRequest, "contents">): GenerateContentRequest {
  return body as GenerateContentRequest;
}
