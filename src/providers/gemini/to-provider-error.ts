/** Converts the errors of the vendor's SDK to ours, by class and status, never by text. */
import { ProviderError, type ProviderErrorCode } from "../../core/errors.js";
import { type ErrorFacts, readErrorDetails } from "./error-details.js";
import type { GuardedRequest } from "./guard-requests.js";
import { fromRetryAfter } from "./retry-delay.js";

export type GeminiSdk = typeof import("@google/generative-ai");
type FetchError = InstanceType<GeminiSdk["GoogleGenerativeAIFetchError"]>;

/** The failed request. */
interface Attempt {
  readonly model: string;
  readonly apiKey: string;
  readonly sent: GuardedRequest;
}

const MAX_VENDOR_TEXT = 600; // characters of the vendor's message in ours; it may name the page that enables the API

/** The failure in a sentence for the user, with the vendor's error as its cause. Neither holds the API key. */
export function toProviderError(error: unknown, sdk: GeminiSdk, attempt: Attempt): ProviderError {
  const cause = withoutKey(error, attempt.apiKey);
  const { origin, strayedTo } = attempt.sent;
  if (strayedTo !== null) {
    const message = `Gemini at ${origin} redirects to ${strayedTo}, where legwork sends no key: set GOOGLE_GEMINI_BASE_URL, or providers.gemini.base_url in your config.yaml, to the right address`;
    return new ProviderError("redirected", message, { cause });
  }
  if (error instanceof sdk.GoogleGenerativeAIFetchError) return fromStatus(error, attempt, cause);
  // The SDK wraps an error of fetch in its base class; it passes on the error of a connection lost in the body, whose cause is the socket's error.
  const isLost = error instanceof Error && error.cause instanceof Error;
  if (error instanceof sdk.GoogleGenerativeAIError || isLost) {
    return new ProviderError("network", `Gemini could not be reached at ${origin}, or the connection was lost`, {
      cause,
    });
  }
  return new ProviderError("bad_response", "Gemini's answer is not the JSON it should be", { cause });
}

/** Removes the key: Google repeats it in some refusals, and our errors are logged. */
function withoutKey(error: unknown, apiKey: string): unknown {
  if (!(error instanceof Error) || !error.message.includes(apiKey)) return error;
  return new Error(error.message.replaceAll(apiKey, "[API key]"));
}

function fromStatus(error: FetchError, attempt: Attempt, cause: unknown): ProviderError {
  const facts = readErrorDetails(error.errorDetails);
  const status = error.status ?? null;
  const code = codeOf(status ?? 0, facts);
  const message = `${messageFor(code, error, attempt)} (HTTP ${status ?? "unknown"})`;
  return new ProviderError(code, message, { status, retryAfterMs: longestDelay(facts, attempt), cause });
}

/** Google may ask in the body or in the header. */
function longestDelay({ retryAfterMs }: ErrorFacts, { sent: { headers } }: Attempt): number | null {
  const asked = [retryAfterMs, fromRetryAfter(headers.get("retry-after"), headers.get("date"), Date.now())];
  const delays = asked.filter((delay) => delay !== null);
  return delays.length === 0 ? null : Math.max(...delays);
}

function codeOf(status: number, { reasons, isQuotaGone }: ErrorFacts): ProviderErrorCode {
  if (status === 402 || reasons.has("BILLING_DISABLED")) return "out_of_credit";
  if (status === 401 || status === 403 || reasons.has("API_KEY_INVALID")) return "unauthorized";
  switch (status) {
    case 404:
      return "model_not_found";
    case 408:
    case 499: // a proxy gave up
    case 504:
      return "timed_out";
    case 429:
      return isQuotaGone ? "quota_exhausted" : "rate_limited";
    case 425: // too early
    case 503:
      return "overloaded";
    default:
      if (status >= 500) return "server_error";
      return status >= 400 ? "invalid_request" : "bad_response";
  }
}

function messageFor(code: ProviderErrorCode, error: FetchError, { model, apiKey }: Attempt): string {
  const words = vendorText(error).replaceAll(apiKey, "[API key]");
  const sentence = words || "it gave no reason";
  const behind = words && `: ${words}`;
  switch (code) {
    case "unauthorized":
      if (error.status === 403) return `Gemini refused the API key in GEMINI_API_KEY, or its project: ${sentence}`;
      return `Gemini refused the API key: set GEMINI_API_KEY to a key that may use ${model}`;
    case "out_of_credit":
      return `Gemini asks for payment: ${sentence}`;
    case "quota_exhausted":
      return `Gemini's quota for ${model} is used up: ${sentence}`;
    case "model_not_found":
      return `Gemini has no model "${model}": change the model of the run, of its agent or in the config`;
    case "rate_limited":
      return `Gemini's rate limit or quota is used up${behind}`;
    case "overloaded":
      return `Gemini is overloaded${behind}`;
    case "server_error":
      return `Gemini failed on its side${behind}`;
    case "timed_out":
      return "Gemini did not answer in its own time";
    default:
      return `Gemini refused the request: ${sentence}`;
  }
}

/** The vendor's own sentence, without the URL before it and the details after it. */
function vendorText(error: FetchError): string {
  const head = `[${error.status} ${error.statusText}] `;
  const text = error.message.slice(error.message.indexOf(head) + head.length);
  const sentence = (text.split(" [{")[0] ?? "").replace(/\s+/g, " ").trim().replace(/\.$/, "");
  return sentence.slice(0, MAX_VENDOR_TEXT);
}
