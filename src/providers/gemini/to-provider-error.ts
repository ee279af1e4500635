/** Converts the errors of the vendor's SDK to ours, by class and status; only for a conversation that is too long there are but words. */
import type { ProviderError, ProviderErrorCode } from "../../core/errors.js";
import { type Attempt, refusalError, unansweredError, unreadableError } from "../http/attempt.js";
import { type ErrorFacts, readErrorDetails } from "./error-details.js";

export type GeminiSdk = typeof import("@google/generative-ai");
type FetchError = InstanceType<GeminiSdk["GoogleGenerativeAIFetchError"]>;

/** The failure in a sentence for the user, with the vendor's error as its cause. Neither holds the API key. */
export function toProviderError(error: unknown, sdk: GeminiSdk, attempt: Attempt): ProviderError {
  if (attempt.sent.strayedTo !== null) return unansweredError(error, attempt);
  if (error instanceof sdk.GoogleGenerativeAIFetchError)
    return refusedError({ code: error.status, message: wordsOf(error), details: error.errorDetails }, attempt, error);
  // One class of the SDK stands for a lost connection and for chunks that are no JSON: only its words tell them apart.
  if (error instanceof sdk.GoogleGenerativeAIError && !/pars(e|ing)/.test(error.message))
    return unansweredError(error, attempt);
  return unreadableError(error, attempt);
}

/** An error in the form of Google's answers. */
export interface WrittenError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly details?: unknown;
}

/** The failure that the vendor's error is, also for one within an answer. */
export function refusedError(written: WrittenError, attempt: Attempt, cause: unknown): ProviderError {
  const facts = readErrorDetails(written.details);
  const status = Number(written.code ?? 0) || 0;
  const words = typeof written.message === "string" ? written.message : "";
  const refusal = { status, code: codeOf(status, facts, words), words, retryAfterMs: facts.retryAfterMs };
  return refusalError(refusal, attempt, cause);
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

/** The words with which the vendor refuses the form of a request; null for any other error. */
export function refusedForm(error: unknown): string | null {
  return error instanceof Error && "status" in error && error.status === 400 ? wordsOf(error as FetchError) : null;
}

/** Whether words refuse settings of the model's thinking. */
export function refusesThinking(words: string): boolean {
  return /thinking/i.test(words) && UNKNOWN.test(words);
}

/** The vendor's own sentence, without the URL before it and the details after it. */
function wordsOf(error: FetchError): string {
  const head = `[${error.status} ${error.statusText}] `;
  const text = error.message.slice(error.message.indexOf(head) + head.length);
  return text.split(" [{")[0] ?? "";
}
