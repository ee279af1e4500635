/** One request to a vendor: the checks of every adapter before it sends, and its failure in a sentence. */
import type { ProviderSetup } from "../../core/definitions/provider-setup.js";
import { ProviderError, type ProviderErrorCode } from "../../core/errors.js";
import type { ModelRequest } from "../../core/ports/provider.js";
import { type GuardedRequest, guardedRequest, installGuard } from "./guard-requests.js";
import { readLimits } from "./read-limits.js";
import { fromRetryHeaders } from "./retry-delay.js";

/** A request that is about to be sent, or was. */
export interface Attempt {
  /** The name of the vendor in sentences. */
  readonly title: string;
  readonly model: string;
  readonly setup: ProviderSetup;
  readonly sent: GuardedRequest;
}

/** An answer that is no reply. */
export interface Refusal {
  /** That of the response or, for an error within an answer that began well, the one that it stands for. */
  readonly status: number;
  /** Where the vendor says more than the status does. */
  readonly code?: ProviderErrorCode | null;
  /** The vendor's own sentence; "" where it gave none. */
  readonly words: string;
  /** The delay that the body asks for, beside that of the headers. */
  readonly retryAfterMs?: number | null;
}

const MOST_WORDS = 600; // characters of the vendor's message in ours; it may name the page that enables the API

/**
 * Throws ProviderError where nothing may be sent: for a key that no header can hold, or where nothing binds the key to its
 * address. `onLimits` is that of the request.
 */
export async function beginAttempt(
  title: string,
  model: string,
  setup: ProviderSetup,
  onLimits?: ModelRequest["onLimits"],
): Promise<Attempt> {
  if (setup.apiKey !== null && !/^[!-~]+$/.test(setup.apiKey)) {
    // The vendor's SDK would throw an error that holds the key.
    throw new ProviderError(
      "unauthorized",
      `The ${title} API key has characters that no key has: check ${setup.keyVariable}`,
    );
  }
  if (!(await installGuard())) {
    const message = `Node ${process.versions.node} keeps requests from the guard that binds the API key to its address, so legwork sends none: use Node 20, 22 or 24`;
    throw new ProviderError("redirected", message);
  }
  const sent = guardedRequest(setup.baseUrl, (headers) => {
    const limits = readLimits(headers, Date.now());
    if (limits.length > 0) onLimits?.(limits);
  });
  return { title, model, setup, sent };
}

/** The error for a request that was not answered, in the order of what explains it best. */
export function unansweredError(cause: unknown, attempt: Attempt): ProviderError {
  const { title, setup, sent } = attempt;
  const safe = withoutKey(cause, attempt);
  if (sent.strayedTo !== null) {
    const message = `${title} at ${sent.origin} redirects to ${sent.strayedTo}, where legwork sends no key: set ${setup.baseUrlPlace} to the right address`;
    return new ProviderError("redirected", message, { cause: safe });
  }
  const message = `${title} could not be reached at ${sent.origin}, or the connection was lost`;
  return new ProviderError("network", message, { cause: safe });
}

/** The error for an answer that is none. */
export function unreadableError(cause: unknown, attempt: Attempt): ProviderError {
  const message = `${attempt.title}'s answer is not the JSON it should be`;
  return new ProviderError("bad_response", message, { cause: withoutKey(cause, attempt) });
}

/** The error for an answer that refuses the request. Holds no key. */
export function refusalError(refusal: Refusal, attempt: Attempt, cause: unknown): ProviderError {
  const { status } = refusal;
  const code = refusal.code ?? codeOfStatus(status);
  const words = wordsOf(refusal, attempt);
  const sent = attempt.sent.status ?? status;
  const isWithin = sent >= 200 && sent < 300; // no status was sent that says so
  const place = isWithin ? "within its answer" : `HTTP ${sent || "unknown"}`;
  const message = `${messageFor(code, status, words, attempt)} (${place})`;
  const delays = [refusal.retryAfterMs ?? null, fromRetryHeaders(attempt.sent.headers, Date.now())];
  const known = delays.filter((delay) => delay !== null);
  const retryAfterMs = known.length === 0 ? null : Math.max(...known);
  return new ProviderError(code, message, {
    status: isWithin ? null : sent || null,
    retryAfterMs,
    cause: withoutKey(cause, attempt),
  });
}

/** The code of a status that says no more. */
export function codeOfStatus(status: number): ProviderErrorCode {
  switch (status) {
    case 401:
    case 403:
      return "unauthorized";
    case 402:
      return "out_of_credit";
    case 404:
      return "model_not_found";
    case 408:
    case 499: // a proxy gave up
    case 504:
      return "timed_out";
    case 429:
      return "rate_limited";
    case 409: // another request holds what this one needs
    case 425: // too early
    case 503:
    case 529:
      return "overloaded";
    default:
      if (status >= 500) return "server_error";
      return status >= 400 ? "invalid_request" : "bad_response";
  }
}

/** A text of the vendor without the key, which some vendors repeat in refusals. */
export function redacted(text: string, { apiKey }: Pick<ProviderSetup, "apiKey">): string {
  return apiKey === null ? text : text.replaceAll(apiKey, "[API key]");
}

/** Our errors are logged with their causes. */
function withoutKey(error: unknown, { setup }: Attempt): unknown {
  if (!(error instanceof Error) || setup.apiKey === null || !error.message.includes(setup.apiKey)) return error;
  return new Error(redacted(error.message, setup));
}

function wordsOf({ words }: Refusal, { setup }: Attempt): string {
  return redacted(words, setup).replace(/\s+/g, " ").trim().replace(/\.$/, "").slice(0, MOST_WORDS);
}

function messageFor(code: ProviderErrorCode, status: number, words: string, { title, model, setup }: Attempt): string {
  const sentence = words || "it gave no reason";
  const behind = words && `: ${words}`;
  const key = setup.keyVariable === null ? "API key" : `API key in ${setup.keyVariable}`;
  switch (code) {
    case "unauthorized":
      if (status === 403) return `${title} refused the ${key}, or its project: ${sentence}`;
      if (setup.keyVariable === null) return `${title} asks for an API key: name its variable as api_key_env${behind}`;
      return `${title} refused the API key${behind}: set ${setup.keyVariable} to a key that may use ${model}`;
    case "out_of_credit":
      return `${title} asks for payment: ${sentence}`;
    case "quota_exhausted":
      return `${title}'s quota for ${model} is used up: ${sentence}`;
    case "model_not_found":
      return `${title} has no model "${model}"${words && ` (${words})`}: change the model of the run, of its agent or in the config`;
    case "context_overflow":
      return `the conversation is longer than the context window of ${model}: ${sentence}`;
    case "rate_limited":
      return `${title}'s rate limit or quota is used up${behind}`;
    case "overloaded":
      return `${title} is overloaded${behind}`;
    case "server_error":
      return `${title} failed on its side${behind}`;
    case "timed_out":
      return `${title} did not answer in its own time`;
    default:
      return `${title} refused the request: ${sentence}`;
  }
}
