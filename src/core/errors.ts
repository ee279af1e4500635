/** Errors, by the actor who must act; each message says what to change. */
import { codeOf } from "../lib/code-of.js";

/** The user must act: a file, an environment variable or a command-line argument is wrong. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** Each fault by itself, where the message joins several. */
  readonly faults: readonly string[];
  constructor(message: string | readonly string[], options?: ErrorOptions) {
    const faults = typeof message === "string" ? [message] : message;
    super(faults.join("; "), options);
    this.faults = faults;
  }
}

/** The caller must act: legwork cannot serve the arguments of the call. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export type ProviderErrorCode =
  | "rate_limited"
  /** A quota that no pause of a run outlasts, such as that of a day. */
  | "quota_exhausted"
  | "out_of_credit"
  | "overloaded"
  | "server_error"
  /** The vendor, or something on the way to it, gave the request up. */
  | "timed_out"
  /** Nothing of a reply came for `stall_seconds`. */
  | "stalled"
  | "unauthorized"
  /** The vendor's address leads elsewhere: nothing was sent there. */
  | "redirected"
  | "model_not_found"
  | "invalid_request"
  /** The request is longer than the model's context window. */
  | "context_overflow"
  | "bad_response"
  | "network"
  | "script_ended";

/** The vendor refused the request or was unreachable; `retryAfterMs` is the delay that the vendor asked for. */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
  readonly status: number | null;
  readonly retryAfterMs: number | null;
  constructor(
    readonly code: ProviderErrorCode,
    message: string,
    options: { status?: number | null; retryAfterMs?: number | null; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.status = options.status ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

export type DownstreamErrorCode =
  | "spawn_failed"
  | "start_timeout"
  | "start_failed"
  /** The definition in the configuration cannot be used. */
  | "bad_definition"
  /** The server requires a login or other credentials. */
  | "unauthorized"
  /** The server has lost the session and did not make the call. */
  | "session_lost"
  | "connection_closed"
  | "call_timeout"
  /** The server answered with an error. */
  | "call_failed"
  | "call_aborted"
  /** legwork cannot read the answer. */
  | "bad_answer"
  /** legwork did not send the call. */
  | "not_called";

/** A downstream server failed to start or to answer a call. */
export class DownstreamError extends Error {
  override readonly name = "DownstreamError";
  constructor(
    readonly code: DownstreamErrorCode,
    readonly server: string,
    message: string,
    options: { cause?: unknown } = {},
  ) {
    super(message, options);
  }
}

/** The remedy where the system gives this process no further file. */
export const TOO_MANY_FILES =
  "legwork or the whole system has too many files open: raise the limit (ulimit -n) or let fewer runs work at once, then restart this host's legwork";

/** Whether the system refused one more open file, at the root of an error. */
export function isOutOfFiles(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  return code === "EMFILE" || code === "ENFILE" || isOutOfFiles(error.cause);
}

export type StoreErrorCode =
  | "store"
  /** A newer legwork wrote the requested part of the store; this process can still use all other parts. */
  | "newer_version";

/** The database cannot be used: runs stop, the process continues. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;
  /** True where another program had locked the database: a retry may succeed. */
  readonly isBusy: boolean;
  /** True where this process can never use the store again. */
  readonly isFinal: boolean;
  constructor(
    message: string,
    options: { code?: StoreErrorCode; cause?: unknown; isBusy?: boolean; isFinal?: boolean } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = options.code ?? "store";
    this.isBusy = options.isBusy ?? false;
    this.isFinal = options.isFinal ?? false;
  }
}

/** The error for a subject that a newer legwork wrote; `otherwise` is a further remedy, with its comma. */
export function newerVersion(subject: string, options: { otherwise?: string; cause?: unknown } = {}): StoreError {
  const { otherwise = "", cause } = options;
  const message = `${subject} was written by a newer legwork: restart this host's legwork, or update it${otherwise}`;
  return new StoreError(message, { code: "newer_version", cause });
}

export function isNewerVersion(error: unknown): error is StoreError {
  return error instanceof StoreError && error.code === "newer_version";
}
