/** Converts the errors of the vendor's SDK to ours, by class, status, type and code; by text only where Anthropic says no more. */
import type { ProviderError, ProviderErrorCode } from "../../core/errors.js";
import { isRecord } from "../../lib/is-record.js";
import { type Attempt, refusalError, unansweredError, unreadableError } from "../http/attempt.js";
import { Unreadable } from "../http/read-answer.js";

export type AnthropicSdk = typeof import("@anthropic-ai/sdk");
type APIError = InstanceType<AnthropicSdk["APIError"]>;

/** The status that goes with each type, for errors within a stream, which have none. */
const STATUS_OF: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

/** The failure in a sentence for the user, with the vendor's error as its cause. Neither holds the API key. */
export function toProviderError(error: unknown, sdk: AnthropicSdk, attempt: Attempt): ProviderError {
  if (attempt.sent.strayedTo !== null) return unansweredError(error, attempt);
  if (error instanceof sdk.APIConnectionError) return unansweredError(error.cause ?? error, attempt);
  if (error instanceof sdk.APIError) {
    const status = error.status ?? STATUS_OF[error.type ?? ""] ?? 500; // a stream that breaks off with an error: its own side
    return refusalError({ status, code: codeOf(error, status), words: wordsOf(error) }, attempt, error);
  }
  if (error instanceof Unreadable || error instanceof sdk.AnthropicError) return unreadableError(error, attempt);
  return unansweredError(error, attempt);
}

/** Whether Anthropic refuses thinking that a request sends back: then the same request can never pass. */
export function isThinkingRefused(error: unknown): boolean {
  return (
    isApiError(error) &&
    error.status === 400 &&
    /bound to a different conversation|invalid `?signature`?|latest assistant message cannot be modified/i.test(
      wordsOf(error),
    )
  );
}

/** The words with which a vendor refuses the form of a request; null for any other error. */
export function refusedForm(error: unknown): string | null {
  if (!isApiError(error) || (error.status !== 400 && error.status !== 422)) return null;
  return wordsOf(error) || JSON.stringify(error.error ?? "");
}

function isApiError(error: unknown): error is APIError {
  return error instanceof Error && "status" in error && "errorCode" in error;
}

/** The code, where the error says more than its status. */
function codeOf(error: APIError, status: number): ProviderErrorCode | null {
  if (error.type === "billing_error" || /spend_limit_reached$/.test(error.errorCode ?? "")) return "out_of_credit";
  if (status === 413) return "context_overflow";
  if (status !== 400) return null;
  const words = wordsOf(error);
  if (/prompt is too long|exceed(s|ed)? (the )?context (limit|window)/i.test(words)) return "context_overflow";
  if (/credit balance is too low|usage limits|spend(ing)? limit/i.test(words)) return "out_of_credit";
  return null;
}

/** The vendor's own sentence, in the forms that gateways give it too; "" where the body is no JSON. */
function wordsOf({ error: body }: APIError): string {
  if (!isRecord(body)) return "";
  const { error = body } = body;
  const words = isRecord(error) ? error.message : error;
  return typeof words === "string" ? words : "";
}
