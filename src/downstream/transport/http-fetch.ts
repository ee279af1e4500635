/** Fetches from a server; throws unusable responses and limits the size of each message. */
import type { Redact } from "../../core/redact.js";
import { HttpError, toHttpError, toUnreachable } from "./http-error.js";
import { EventLines, toFrames } from "./tolerant-body.js";

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024; // as over stdio: a screenshot fits, and a server cannot fill our memory
const SEAM_BYTES = 3; // the longest end of an event, CR LF CR LF, without its last byte: it may lie across two chunks

export interface FetchWatch {
  /** Aborts the request and the reading of its body. */
  readonly signal: AbortSignal | null;
  /** Whether the request names a session. */
  readonly inSession: boolean;
  /** Applied to the body of an error. */
  readonly redact: Redact;
  /** Called when the body of a usable response has ended; `fault` is null unless it broke off or was too large. */
  onBodyEnd(fault: HttpError | null): void;
}

/**
 * Throws HttpError for an error response or none; returns redirects and the refusal of a GET stream (405).
 * Node's fetch waits 300 s for the head of a response, and 300 s for each next piece of its body: a slower answer
 * breaks off, and so does an event stream without events.
 */
export async function fetchFromServer(url: string | URL, init: RequestInit, watch: FetchWatch): Promise<Response> {
  const response = await fetchHead(url, init, watch.signal);
  const isRedirect = response.status >= 300 && response.status < 400;
  const hasNoStream = response.status === 405 && init.method === "GET";
  if (isRedirect || hasNoStream) return response;
  if (!response.ok) throw await toHttpError(response, watch);
  return withinLimit(response, watch);
}

async function fetchHead(url: string | URL, init: RequestInit, signal: AbortSignal | null): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal });
  } catch (error) {
    throw signal?.aborted ? error : toUnreachable(error);
  }
}

/** The same response with a limit on the size of its messages, and with their frames corrected. */
function withinLimit(response: Response, watch: FetchWatch): Response {
  if (!response.body) {
    watch.onBodyEnd(null);
    return response;
  }
  const reader = response.body.getReader();
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const count = isStream ? createEventCount() : createCount();
  const lines = isStream ? new EventLines() : null;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        for (let next = await reader.read(); !next.done; next = await reader.read()) {
          count(next.value);
          const whole = lines?.push(next.value) ?? next.value;
          if (whole.length > 0) return controller.enqueue(whole);
        }
        const rest = lines?.end();
        if (rest !== undefined && rest.length > 0) controller.enqueue(rest);
        controller.close();
        watch.onBodyEnd(null);
      } catch (error) {
        const isOurEnd = watch.signal?.aborted ?? false;
        const fault = error instanceof HttpError ? error : toBrokenOff(error);
        controller.error(isOurEnd ? error : fault);
        reader.cancel(fault).catch(() => {});
        watch.onBodyEnd(isOurEnd ? null : fault);
      }
    },
    async cancel(reason) {
      watch.onBodyEnd(null);
      await reader.cancel(reason);
    },
  });
  const { status, statusText, headers } = response;
  const bounded = new Response(body, { status, statusText, headers });
  return Object.assign(bounded, { json: async () => toFrames(await bounded.text()) });
}

function toBrokenOff(cause: unknown): HttpError {
  return new HttpError("unreachable", "its answer broke off", { sent: true, cause });
}

type Count = (chunk: Uint8Array) => void;

function createCount(): Count {
  let size = 0;
  return (chunk) => {
    size += chunk.length;
    checkSize(size);
  };
}

/** Counts each event by itself: a stream may last, but no message may grow without limit. */
function createEventCount(): Count {
  let size = 0;
  let seam = Buffer.alloc(0);
  return (chunk) => {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const end = lastEventEnd(bytes);
    const isEndAcross = end < 0 && lastEventEnd(Buffer.concat([seam, bytes.subarray(0, SEAM_BYTES)])) >= 0;
    size = end >= 0 ? bytes.length - end : isEndAcross ? bytes.length : size + bytes.length;
    seam = Buffer.from(Buffer.concat([seam, bytes.subarray(-SEAM_BYTES)]).subarray(-SEAM_BYTES));
    checkSize(size);
  };
}

/** The position of the last empty line, or -1. */
function lastEventEnd(bytes: Buffer): number {
  return Math.max(bytes.lastIndexOf("\n\n"), bytes.lastIndexOf("\r\n\r\n"), bytes.lastIndexOf("\r\r"));
}

function checkSize(size: number): void {
  if (size <= MAX_MESSAGE_BYTES) return;
  const message = `it sent a message of more than ${MAX_MESSAGE_BYTES} bytes`;
  throw new HttpError("http_error", message, { sent: true });
}
