/** Converts the errors of the vendor's SDK to ours, by class and status; only for a conversation that is too long there are but words. */
import type { ProviderError, ProviderErrorCode } from "../../core/errors.js";
import { type Attempt, refusalError, unansweredError, unreadableError } from "../http/attempt.js";
import { type ErrorFacts, readErrorDetails } from "./error-details.js";

export type GeminiSdk = typeof import("@google/generative-ai");
type FetchError = InstanceType<GeminiSdk["GoogleGenerativeAIFetchError"]>;

/** The failure in a sentence for the user, with the vendor's error as its cause. Neither holds the API key. */
export function toProviderError(error: unknown, sdk: GeminiSdk, attempt: Attempt): ProviderError {
  if (attempt.sent.strayedTo !== null) return unansweredError(error, attempt);
  if (error instanceof sdk.GoogleGenerativeAIFetchError) {
    const facts = readErrorDetails(error.errorDetails);
    const status = error.status ?? 0;
    const words = wordsOf(error);
    const refusal = { status, code: codeOf(status, facts, words), words, retryAfterMs: facts.retryAfterMs };
    return refusalError(refusal, attempt, error);
  }
  // One class of the SDK stands for a lost connection and for chunks that are no JSON: only its words tell them apart.
  if (error instanceof sdk.GoogleGenerativeAIError && !/pars(e|ing)/.test(error.message))
    return unansweredError(error, attempt);
  return unreadableError(error, attempt);
}

const TOO_LONG = /token count\b.*\bexceeds|exceeds the (maximum number of tokens|context)|payload size exceeds/i;

/** The code by the details, where they say more than the status. */
function codeOf(status: number, { reasons, isQuotaGone }: ErrorFacts, words: string): ProviderErrorCode | null {
  if (reasons.has("BILLING_DISABLED")) return "out_of_credit";
  if (reasons.has("API_KEY_INVALID")) return "unauthorized";
  if (status === 413 || (status === 400 && TOO_LONG.test(words))) return "context_overflow";
  return status === 429 && isQuotaGone ? "quota_exhausted" : null;
}

const UNKNOWN =
  /not (supported|allowed|available|enabled)|unsupported|does(n't| not) support|unknown (name|field)|invalid/i;

/** Whether the model refuses settings of its thinking. */
export function refusesThinking(error: unknown): boolean {
  if (!(error instanceof Error) || !("status" in error) || error.status !== 400) return false;
  return /thinking/i.test(error.message) && UNKNOWN.test(error.message);
}

/** The vendor's own sentence, without the URL before it and the details after it. */
function wordsOf(error: FetchError): string {
  const head = `[${error.status} ${error.statusText}] `;
  const text = error.message.slice(error.message.indexOf(head) + head.length);
  return text.split(" [{")[0] ?? "";
}
