/** Failures of HTTP requests to a server, with codes that a caller can decide by. */

import { setTimeout as delay } from "node:timers/promises";
import type { Redact } from "../../core/redact.js";
import { codeOf } from "../../lib/code-of.js";
import { isRecord } from "../../lib/is-record.js";
import { jsonIn } from "../../lib/json/json-in.js";
import { cutTo } from "../../lib/text.js";
import { lossByStatus } from "./session-loss.js";

const SHOWN_LENGTH = 300; // characters of an error body that a message shows
const READ_BYTES = 8 * 1024; // of an error body; an HTML page gives its reason near its start
const READ_MS = 1_000; // an error body may never end
const LOGIN_ADVICE =
  "legwork does no OAuth logins; give it a token with headers or bearer_token_env_var in its definition";

export type HttpFaultCode =
  /** The server does not know the session any more: the next request has to be `initialize`. */
  | "session_lost"
  | "unauthorized"
  /** There is no server, or the connection broke before the answer was complete. */
  | "unreachable"
  /** Any other answer that is no response to the request. */
  | "http_error";

export interface HttpFault {
  readonly code: HttpFaultCode;
  /** False where the request cannot have had an effect. */
  readonly sent: boolean;
  /** Whether the session may be lost all the same. */
  readonly isDoubtful: boolean;
  /** A clause about "it", such as "it could not be reached: ECONNREFUSED". */
  readonly message: string;
}

/** Thrown by send() of the HTTP transport, and so by the request that it was to send. */
export class HttpError extends Error implements HttpFault {
  override readonly name = "HttpError";
  readonly sent: boolean;
  /** The status of the response; null where there was none. */
  readonly status: number | null;
  readonly isDoubtful: boolean;
  constructor(
    readonly code: HttpFaultCode,
    message: string,
    options: {
      readonly sent: boolean;
      readonly status?: number;
      readonly isDoubtful?: boolean;
      readonly cause?: unknown;
    },
  ) {
    super(message, { cause: options.cause });
    this.sent = options.sent;
    this.status = options.status ?? null;
    this.isDoubtful = options.isDoubtful ?? false;
  }
}

/** The cause as an HTTP failure; null where it is none. */
export function httpFault(cause: unknown): HttpFault | null {
  return cause instanceof HttpError ? cause : null;
}

/** Explains why fetch() gave no response. */
export function toUnreachable(cause: unknown): HttpError {
  const reason = reasonOf(cause);
  const message = `it could not be reached: ${reason.text}`;
  return new HttpError("unreachable", message, { sent: !reason.beforeSending, cause });
}

/** Explains why a response cannot be used, from the start of its body. `session` is the one that the request named. */
export async function toHttpError(
  response: Response,
  { session, redact }: { readonly session: string | null; readonly redact: Redact },
): Promise<HttpError> {
  const { status } = response;
  const reason = redact.text(reasonIn(await firstText(response)));
  const shown = cutTo(reason.replace(/\s+/g, " ").trim(), SHOWN_LENGTH);
  const words = shown === "" ? "" : `: ${shown}`;
  if (status === 401 || status === 403) {
    const refusal = status === 401 ? "it wants a login" : "it refuses access";
    const message = `${refusal} (HTTP ${status}${words}); ${LOGIN_ADVICE}`;
    return new HttpError("unauthorized", message, { sent: false, status });
  }
  const loss = lossByStatus(status, reason, session);
  if (loss === "certain") {
    return new HttpError("session_lost", `it has forgotten the session (HTTP ${status}${words})`, {
      sent: false,
      status,
    });
  }
  const isDoubtful = loss === "likely";
  return new HttpError("http_error", `it answered HTTP ${status}${words}`, { sent: true, status, isDoubtful });
}

interface Reason {
  readonly text: string;
  readonly beforeSending: boolean;
}

/** The system error is one or two causes deep; a host with several addresses has one error for each. */
function reasonOf(error: unknown): Reason {
  if (!isRecord(error)) return { text: String(error), beforeSending: false };
  if (Array.isArray(error.errors) && error.errors.length > 0) return reasonOf(error.errors[0]);
  const code = codeOf(error);
  if (code !== null) return { text: code, beforeSending: isBeforeSending(error, code) };
  if (isRecord(error.cause)) return reasonOf(error.cause);
  return { text: error instanceof Error ? error.message : "no reason given", beforeSending: false };
}

function isBeforeSending(error: Readonly<Record<string, unknown>>, code: string): boolean {
  const { syscall } = error;
  return syscall === "connect" || syscall === "getaddrinfo" || code === "UND_ERR_CONNECT_TIMEOUT" || isTlsCode(code);
}

function isTlsCode(code: string): boolean {
  return /^ERR_TLS_|^CERT_|_CERT$|_CERT_|LEAF_SIGNATURE$/.test(code); // Node's and OpenSSL's names for a bad certificate
}

async function firstText(response: Response): Promise<string> {
  if (!response.body) return "";
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  const read = async () => {
    for (let size = 0; size < READ_BYTES; ) {
      const { done, value } = await reader.read();
      if (done) return;
      chunks.push(value);
      size += value.length;
    }
  };
  await Promise.race([read().catch(() => {}), delay(READ_MS, undefined, { ref: false })]);
  reader.cancel().catch(() => {});
  return Buffer.concat(chunks).subarray(0, READ_BYTES).toString("utf8");
}

/** The message in a JSON error, or the text of an HTML page. */
function reasonIn(body: string): string {
  const json = jsonIn(body);
  if (json === undefined) return body.replace(/<(style|script)\b[\s\S]*?<\/\1>/gi, " ").replace(/<[^<>]*>/g, " ");
  const error = isRecord(json) && isRecord(json.error) ? json.error : json;
  const texts = isRecord(error) ? [error.message, error.error_description, error.error, error.detail] : [];
  const text = texts.find((candidate) => typeof candidate === "string");
  return text === undefined ? body : String(text);
}
