/** Errors by who must act; their messages say what to do. */

/** The operator must act: a file, an environment variable or an argument of the command line is wrong. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** The host must act: the arguments of a call cannot be served. */
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
  | "overloaded"
  | "server_error"
  | "unauthorized"
  | "model_not_found"
  | "invalid_request"
  | "bad_response"
  | "network"
  | "script_ended";

/** The vendor refused or could not be reached; `retryAfterMs` is the vendor's own wish. */
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
  /** Its definition in the configuration cannot be used. */
  | "bad_definition"
  /** It wants a login, or other credentials. */
  | "unauthorized"
  /** It forgot the session; the call it refused was not made. */
  | "session_lost"
  | "connection_closed"
  | "call_timeout"
  /** The server answered that it could not. */
  | "call_failed"
  | "call_aborted"
  /** The answer could not be read. */
  | "bad_answer"
  /** The call was never sent. */
  | "not_called";

/** A downstream server failed a start or a call. */
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

export type StoreErrorCode =
  | "store"
  /** A newer legwork wrote the part of the store that was asked for; this process can still use everything else. */
  | "newer_version";

/** The database cannot be used; runs stop, the process goes on. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;
  /** True where another program held the database: the same may work a moment later. */
  readonly isBusy: boolean;
  constructor(message: string, options: { code?: StoreErrorCode; cause?: unknown; isBusy?: boolean } = {}) {
    super(message, { cause: options.cause });
    this.code = options.code ?? "store";
    this.isBusy = options.isBusy ?? false;
  }
}

/** The error for something that a newer legwork wrote; `otherwise` is one more way out, with its comma. */
export function newerVersion(subject: string, options: { otherwise?: string; cause?: unknown } = {}): StoreError {
  const { otherwise = "", cause } = options;
  const message = `${subject} was written by a newer legwork: restart this host's legwork, or update it${otherwise}`;
  return new StoreError(message, { code: "newer_version", cause });
}

export function isNewerVersion(error: unknown): error is StoreError {
  return error instanceof StoreError && error.code === "newer_version";
}
