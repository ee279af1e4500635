/** Converts the failure of a request to our error, by the host's words for it. */
import { ProviderError } from "../../../core/errors.js";
import { type Attempt, refusalError, unansweredError, unreadableError } from "../../http/attempt.js";
import { Unreadable } from "../../http/read-answer.js";
import { fromRateLimitHeaders } from "./rate-limit-headers.js";
import { codeOfRefusal, Refused } from "./refusal.js";

/** The failure in a sentence for the user, with the error as its cause. Neither holds the API key. */
export function toProviderError(error: unknown, attempt: Attempt): ProviderError {
  if (error instanceof ProviderError) return error;
  if (attempt.sent.strayedTo !== null) return unansweredError(error, attempt);
  if (error instanceof Unreadable) return unreadableError(error, attempt);
  if (!(error instanceof Refused)) return unansweredError(error, attempt);
  const { facts } = error;
  const { headers } = attempt.sent;
  const words =
    facts.code === "nothing_there"
      ? `nothing is at this address: most base URLs end in /v1 (${attempt.setup.baseUrlPlace} sets it)`
      : facts.message;
  const asksItself = headers.has("retry-after") || headers.has("retry-after-ms");
  const refusal = { status: facts.status, code: codeOfRefusal(facts), words };
  const retryAfterMs = facts.status === 429 && !asksItself ? fromRateLimitHeaders(headers, Date.now()) : null;
  return refusalError({ ...refusal, retryAfterMs }, attempt, error);
}
