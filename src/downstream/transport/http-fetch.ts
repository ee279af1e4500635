/** Fetches from a server; throws unusable responses, limits the size of each message, and reads them: the client would check them strictly. */
import { setTimeout as delay } from "node:timers/promises";
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import type { Redact } from "../../core/redact.js";
import { EventStream } from "./event-stream.js";
import { HttpError, toHttpError, toUnreachable } from "./http-error.js";
import { parseLine } from "./json-rpc-line.js";
import { LARGE } from "./paced-texts.js";

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024; // as over stdio: a screenshot fits, and a server cannot fill our memory

export interface FetchWatch {
  /** Aborts the request and the reading of its body. */
  readonly signal: AbortSignal | null;
  /** The session that the request names; null where it names none. */
  readonly session: string | null;
  /** The request that the response answers; null where there is none. */
  readonly request: RequestId | null;
  /** Applied to the body of an error. */
  readonly redact: Redact;
  /** Takes the texts of messages in a stream of events; no more is read before it resolves. */
  onTexts(texts: readonly string[]): Promise<void> | null;
  /** Takes the messages of a JSON body. */
  onMessages(messages: readonly JSONRPCMessage[]): void;
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
  return withoutMessages(response, watch);
}

async function fetchHead(url: string | URL, init: RequestInit, signal: AbortSignal | null): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal });
  } catch (error) {
    throw signal?.aborted ? error : toUnreachable(error);
  }
}

/** The response without its messages, which `watch` gets instead; no message may grow without limit. */
function withoutMessages(response: Response, watch: FetchWatch): Response {
  if (!response.body) {
    watch.onBodyEnd(null);
    return response;
  }
  const isStream = /^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "");
  const read = isStream ? readEvents : readWhole;
  const reader = response.body.getReader();
  const pieces = read(reader, watch);
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await pieces.next();
          if (!done) return controller.enqueue(value);
          controller.close();
          if (isStream) watch.onBodyEnd(null);
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
    },
    { highWaterMark: 0 }, // nothing is read before the client has noted the session in the headers
  );
  const { status, statusText, headers } = response;
  const bounded = new Response(body, { status, statusText, headers });
  return Object.assign(bounded, { json: async () => readJson(await bounded.text(), watch) });
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** The part of a stream of events that is no message. Counts each event by itself: a stream may last. */
async function* readEvents(reader: Reader, { onTexts }: FetchWatch): AsyncGenerator<Uint8Array, void> {
  const stream = new EventStream();
  for (let isOpen = true; isOpen; ) {
    const { done, value } = await reader.read();
    isOpen = !done;
    const { texts, control } = done ? stream.end() : stream.push(value);
    checkSize(stream.unfinished);
    if (texts.length > 0) await onTexts(texts);
    if (control !== "") yield Buffer.from(control);
  }
}

async function* readWhole(reader: Reader): AsyncGenerator<Uint8Array, void> {
  let size = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    size += next.value.length;
    checkSize(size);
    yield next.value;
  }
}

/** The part of a JSON body that the client still has to read: nothing. A body without any message is left whole, for the client to refuse. */
async function readJson(body: string, { request, onMessages, onBodyEnd }: FetchWatch): Promise<unknown> {
  if (body.length > LARGE) await delay(0); // a turn of its own
  try {
    const messages = parseLine(body, request);
    if (messages.length === 0) return JSON.parse(body);
    onMessages(messages);
    return [];
  } finally {
    onBodyEnd(null);
  }
}

function toBrokenOff(cause: unknown): HttpError {
  return new HttpError("unreachable", "its answer broke off", { sent: true, cause });
}

function checkSize(size: number): void {
  if (size <= MAX_MESSAGE_BYTES) return;
  const message = `it sent a message of more than ${MAX_MESSAGE_BYTES} bytes`;
  throw new HttpError("http_error", message, { sent: true });
}
