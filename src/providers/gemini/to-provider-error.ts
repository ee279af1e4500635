/** Converts the errors of the vendor's SDK to ours, by class and status, never by text. */
import { ProviderError, type ProviderErrorCode } from "../../core/errors.js";
import { type ErrorDetails, errorDetailsSchema } from "./wire.js";

export type GeminiSdk = typeof import("@google/generative-ai");
type FetchError = InstanceType<GeminiSdk["GoogleGenerativeAIFetchError"]>;

/** The failed request. */
interface Attempt {
  readonly model: string;
  readonly apiKey: string;
  readonly baseUrl: string | null;
}

const MAX_VENDOR_TEXT = 300; // characters of the vendor's message in ours

/** The failure in a sentence for the user, with the vendor's error as its cause. Neither holds the API key. */
export function toProviderError(error: unknown, sdk: GeminiSdk, attempt: Attempt): ProviderError {
  const cause = withoutKey(error, attempt.apiKey);
  if (error instanceof sdk.GoogleGenerativeAIFetchError) return fromStatus(error, attempt, cause);
  // The SDK wraps an error of fetch in its base class; it passes on the error of a connection lost in the body, whose cause is the socket's error.
  const isLost = error instanceof Error && error.cause instanceof Error;
  if (error instanceof sdk.GoogleGenerativeAIError || isLost) {
    return new ProviderError(
      "network",
      `Gemini could not be reached${at(attempt.baseUrl)}, or the connection was lost`,
      { cause },
    );
  }
  return new ProviderError("bad_response", "Gemini's answer is not the JSON it should be", { cause });
}

/** Removes the key: Google repeats it in some refusals, and our errors are logged. */
function withoutKey(error: unknown, apiKey: string): unknown {
  if (!(error instanceof Error) || !error.message.includes(apiKey)) return error;
  return new Error(error.message.replaceAll(apiKey, "[API key]"));
}

function fromStatus(error: FetchError, attempt: Attempt, cause: unknown): ProviderError {
  const details = errorDetailsSchema.parse(error.errorDetails ?? []);
  const status = error.status ?? null;
  const code = codeOf(status ?? 0, details);
  const message = `${sentence(code, error, attempt)} (HTTP ${status ?? "unknown"})`;
  return new ProviderError(code, message, { status, retryAfterMs: retryAfterMs(details), cause });
}

function codeOf(status: number, details: ErrorDetails): ProviderErrorCode {
  if (status === 401 || status === 403) return "unauthorized";
  if (details.some((detail) => detail.reason === "API_KEY_INVALID")) return "unauthorized";
  if (status === 404) return "model_not_found";
  if (status === 429) return "rate_limited";
  if (status === 503) return "overloaded";
  if (status >= 500) return "server_error";
  return status >= 400 ? "invalid_request" : "bad_response";
}

function sentence(code: ProviderErrorCode, error: FetchError, { model, apiKey }: Attempt): string {
  switch (code) {
    case "unauthorized":
      return `Gemini refused the API key: set GEMINI_API_KEY to a key that may use ${model}`;
    case "model_not_found":
      return `Gemini has no model "${model}": change the model of the run, of its agent or in the config`;
    case "rate_limited":
      return "Gemini's rate limit or quota is used up";
    case "overloaded":
      return "Gemini is overloaded";
    case "server_error":
      return "Gemini failed on its side";
    default:
      return `Gemini refused the request: ${vendorText(error).replaceAll(apiKey, "[API key]")}`;
  }
}

/** The vendor's own sentence, without the URL before it and the details after it. */
function vendorText(error: FetchError): string {
  const head = `[${error.status} ${error.statusText}] `;
  const text = error.message.slice(error.message.indexOf(head) + head.length);
  const sentence = (text.split(" [{")[0] ?? "").replace(/\s+/g, " ").trim().replace(/\.$/, "");
  return sentence.slice(0, MAX_VENDOR_TEXT) || "it gave no reason";
}

function retryAfterMs(details: ErrorDetails): number | null {
  const delay = details.find((detail) => detail["@type"]?.endsWith("RetryInfo"))?.retryDelay;
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(delay ?? "")?.[1];
  return seconds === undefined ? null : Math.ceil(Number(seconds) * 1000);
}

/** Only the origin: the rest of a URL may hold a password. */
function at(baseUrl: string | null): string {
  return baseUrl !== null && URL.canParse(baseUrl) ? ` at ${new URL(baseUrl).origin}` : "";
}
