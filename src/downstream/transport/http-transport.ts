/** Speaks MCP over streamable HTTP, or over the older SSE transport with a server that knows only that. */
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport, StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { FetchLike, Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { isRecord } from "../../lib/is-record.js";
import { untilAborted } from "../../lib/until-aborted.js";
import { type HttpAddress, type HttpConfig, toHttpAddress } from "./http-address.js";
import { HttpError } from "./http-error.js";
import { type FetchWatch, fetchFromServer } from "./http-fetch.js";
import { handOn, parseLine } from "./json-rpc-line.js";
import { PacedTexts } from "./paced-texts.js";
import { CLOSED_BY_US, type ServerTransport, type TransportOptions } from "./server-transport.js";

const FAREWELL_MS = 500; // for the DELETE that ends the session; the whole process has 2 s to shut down
const SSE_TRIAL_MS = 3_000; // a server of the older kind names its endpoint at once; others may never answer
const MOST_UNTAKEN = 256; // answers to a server's requests that it has not taken yet; each holds a socket
const DRAIN_MS = 50; // the end of an answer is reported before its last message has been read
const TRAIL_MS = 1_000; // the stream of an answered request should end; one that does not would keep a socket open
const OLDER_KIND_STATUSES = [400, 404, 405]; // a server of the older kind answers a POST with these, by the specification
const NOTIFICATION_RETRIES = {
  // The stream of notifications is a convenience: a server has half a minute to restart.
  initialReconnectionDelay: 1_000,
  maxReconnectionDelay: 10_000,
  reconnectionDelayGrowFactor: 2,
  maxRetries: 6,
};

/** A request, from its POST until its whole answer has been read. */
interface Exchange {
  readonly id: RequestId;
  readonly abort: AbortController;
  answered: boolean;
  /** The server gave ids to the events of its answer, so that a broken answer can be fetched again. */
  resumable: boolean;
}

/** One connection from start() to close(); it is not started twice. */
export class HttpTransport implements ServerTransport {
  onclose?: Transport["onclose"];
  onerror?: Transport["onerror"];
  onmessage?: Transport["onmessage"];

  readonly pid = null;
  readonly isRemote = true;
  readonly #address: HttpAddress;
  /** How the bodies of responses are read. */
  readonly #reading: Pick<FetchWatch, "redact" | "onTexts" | "onMessages">;
  readonly #pace = new PacedTexts((text) => this.#receive(parseLine(text)));
  /** Tells which request a fetch of the SDK serves, even when it fetches a broken answer again much later. */
  readonly #current = new AsyncLocalStorage<Exchange | null>();
  readonly #exchanges = new Map<RequestId, Exchange>();
  readonly #shutdown = new AbortController();
  #inner: StreamableHTTPClientTransport | SSEClientTransport;
  /** True until the server has accepted a message: before, it may turn out to be of the older kind. */
  #mayBeOlder: boolean;
  #streamFault: unknown = null;
  #untaken = 0;
  #sessionLost = false;
  #ending: string | null = null;
  #closed = false;
  #closing: Promise<void> | null = null;

  /** Throws DownstreamError where the headers cannot be sent. */
  constructor(server: string, transport: HttpConfig, { redact }: Pick<TransportOptions, "redact">) {
    this.#reading = {
      redact,
      onTexts: (texts) => this.#pace.push(texts),
      onMessages: (messages) => void this.#receive(messages),
    };
    this.#address = toHttpAddress(server, transport);
    this.#inner = transport.kind === "sse" ? this.#createSse() : this.#createStreamable();
    this.#mayBeOlder = transport.kind === "http";
  }

  get closed(): boolean {
    return this.#closed;
  }

  get ending(): string | null {
    return this.#ending;
  }

  get sessionId(): string | undefined {
    return this.#inner instanceof StreamableHTTPClientTransport ? this.#inner.sessionId : undefined;
  }

  /** Empty: the errors of the requests hold the output of the server. */
  lastOutput(): string {
    return "";
  }

  setProtocolVersion(version: string): void {
    this.#inner.setProtocolVersion(version);
  }

  async start(): Promise<void> {
    if (this.#inner instanceof SSEClientTransport) await this.#startSse(this.#inner, this.#shutdown.signal);
    else await this.#inner.start();
  }

  /** Throws HttpError where the server could not be reached or refused the message; see httpFault. */
  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#closed) throw new Error(`the connection is closed: ${this.#ending}`);
    try {
      await this.#sendOnce(message);
      this.#mayBeOlder = false;
    } catch (error) {
      const fault = toFault(error);
      if (!(await this.#switchedToOlder(fault))) throw this.#noteFault(fault);
      await this.#sendOnce(message).catch((reason: unknown) => {
        throw this.#noteFault(toFault(reason));
      });
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #createStreamable(): StreamableHTTPClientTransport {
    const { url, headers } = this.#address;
    const inner = new StreamableHTTPClientTransport(url, {
      requestInit: { headers },
      fetch: this.#fetchStreamable,
      reconnectionOptions: NOTIFICATION_RETRIES,
    });
    return this.#listenTo(inner);
  }

  #createSse(): SSEClientTransport {
    const { url, headers } = this.#address;
    return this.#listenTo(new SSEClientTransport(url, { requestInit: { headers }, fetch: this.#fetchSse }));
  }

  #listenTo<T extends Transport>(inner: T): T {
    inner.onerror = (error) => this.onerror?.(error);
    return inner;
  }

  /** The messages do not pass through the transports of the SDK; returns how many of them are requests. */
  #receive(messages: readonly JSONRPCMessage[]): number {
    if (this.#closed) return 0;
    return handOn(messages, (message) => {
      if (!("method" in message) && message.id !== undefined) this.#noteAnswer(message.id);
      this.onmessage?.(message);
    });
  }

  async #sendOnce(message: JSONRPCMessage): Promise<void> {
    const inner = this.#inner;
    if (!("method" in message)) return this.#sendAnswer(message);
    if (inner instanceof SSEClientTransport) return inner.send(message);
    if (!("id" in message)) {
      // It may be sent while the answer of another request is being read, and does not belong to that request.
      await this.#current.run(null, () => inner.send(message));
      return this.#forgetCancelled(message);
    }
    const { id } = message;
    const exchange: Exchange = { id, abort: new AbortController(), answered: false, resumable: false };
    this.#exchanges.set(id, exchange);
    const onresumptiontoken = () => {
      exchange.resumable = true;
    };
    try {
      await this.#current.run(exchange, () => inner.send(message, { onresumptiontoken }));
    } catch (error) {
      this.#release(exchange);
      throw error;
    }
  }

  /** The answer to a request of the server. */
  async #sendAnswer(message: JSONRPCMessage): Promise<void> {
    if (this.#untaken === MOST_UNTAKEN) this.#end("it does not take the answers to its requests");
    this.#untaken += 1;
    const inner = this.#inner;
    await this.#current
      .run(null, () => inner.send(message))
      .finally(() => {
        this.#untaken -= 1;
      });
  }

  /** Drops a cancelled request: nobody waits for its answer, and the server may never end it. */
  #forgetCancelled(message: JSONRPCMessage): void {
    if (!("method" in message) || message.method !== "notifications/cancelled" || !isRecord(message.params)) return;
    const { requestId } = message.params;
    const exchange = [...this.#exchanges.values()].find(({ id }) => id === requestId);
    if (exchange) this.#release(exchange);
  }

  #release(exchange: Exchange): void {
    this.#exchanges.delete(exchange.id);
    exchange.abort.abort();
  }

  #noteAnswer(id: RequestId): void {
    const exchange = this.#exchanges.get(id) ?? this.#exchanges.get(Number(id)); // some servers answer with the id as a text
    if (!exchange) return;
    exchange.answered = true;
    setTimeout(() => this.#release(exchange), TRAIL_MS).unref();
  }

  /** Closes the connection where the server cannot be reached; that ends the other calls in flight as well. */
  #noteFault(fault: unknown): unknown {
    if (!(fault instanceof HttpError)) return fault;
    if (fault.code === "session_lost") this.#sessionLost = true;
    if (fault.code !== "unreachable") return fault;
    this.#ending ??= fault.message;
    setImmediate(() => this.close()); // later, so that this request fails with its own error first
    return fault;
  }

  readonly #fetchStreamable: FetchLike = async (url, init = {}) => {
    const exchange = this.#current.getStore() ?? null;
    const isStream = init.method === "GET";
    const isAgain = isStream && exchange !== null;
    const isPointless = isAgain ? exchange.answered || exchange.abort.signal.aborted : this.#closed;
    if (isStream && isPointless) return new Response(null, { status: 405 }); // at this status the SDK stops trying
    try {
      const response = await fetchFromServer(url, init, {
        signal: exchange?.abort.signal ?? init.signal ?? null,
        session: new Headers(init.headers).get("mcp-session-id"),
        request: exchange?.id ?? null,
        ...this.#reading,
        onBodyEnd: (fault) => exchange !== null && this.#onAnswerEnd(exchange, fault),
      });
      if (isAgain && response.status === 405) this.#end("its answer broke off");
      if (!isAgain && exchange !== null && response.status === 202) throw noResponse();
      return response;
    } catch (error) {
      if (isAgain && !exchange.abort.signal.aborted)
        this.#end(`its answer broke off, and ${error instanceof Error ? error.message : error}`);
      throw error;
    }
  };

  #onAnswerEnd(exchange: Exchange, fault: HttpError | null): void {
    setTimeout(() => {
      const { answered, resumable, abort } = exchange;
      if (answered) this.#release(exchange);
      if (answered || abort.signal.aborted) return;
      if (fault?.code === "http_error") this.#end(fault.message);
      else if (!resumable) this.#end(fault?.message ?? "it ended its answer without a response");
    }, DRAIN_MS);
  }

  readonly #fetchSse: FetchLike = async (url, init = {}) => {
    const isStream = init.method !== "POST";
    try {
      return await fetchFromServer(url, init, {
        signal: init.signal ?? null,
        session: isStream ? null : ([...new URL(url).searchParams.values()][0] ?? ""), // part of the endpoint
        request: null, // the stream brings its answer
        ...this.#reading,
        // A new stream is a new session: the server never answers the requests of this one.
        onBodyEnd: (fault) => isStream && this.#onStreamEnd(fault),
      });
    } catch (error) {
      if (isStream) this.#streamFault = error;
      throw error;
    }
  };

  #onStreamEnd(fault: HttpError | null): void {
    const isInUse = this.#inner instanceof SSEClientTransport; // else it was only a trial
    if (isInUse) this.#end(fault?.code === "http_error" ? fault.message : "its stream of events ended");
  }

  /** Resolves when the server has named its endpoint, which may be never. */
  async #startSse(inner: SSEClientTransport, signal: AbortSignal): Promise<void> {
    try {
      await untilAborted(inner.start(), signal);
    } catch (error) {
      await inner.close();
      if (this.#streamFault !== null) throw this.#streamFault;
      const reason = error instanceof Error ? error.message : String(error);
      throw new HttpError("http_error", `its stream of events cannot be used: ${reason}`, {
        sent: false,
        cause: error,
      });
    }
  }

  /** Switches to the older transport where the server refused the first message and accepts that transport. */
  async #switchedToOlder(fault: unknown): Promise<boolean> {
    const isRefusal = fault instanceof HttpError && OLDER_KIND_STATUSES.includes(fault.status ?? 0);
    if (!this.#mayBeOlder || !isRefusal || this.#closed) return false;
    this.#mayBeOlder = false;
    const newer = this.#inner;
    const older = this.#createSse();
    const trial = new AbortController(); // nothing holds a signal of AbortSignal.timeout() in such a chain: it is collected, and never aborts
    const timer = setTimeout(() => trial.abort(), SSE_TRIAL_MS);
    try {
      await this.#startSse(older, AbortSignal.any([this.#shutdown.signal, trial.signal]));
    } catch {
      return false; // the first refusal explains more
    } finally {
      clearTimeout(timer);
    }
    this.#inner = older;
    await newer.close();
    return true;
  }

  #end(ending: string): void {
    this.#ending ??= ending;
    void this.close();
  }

  async #close(): Promise<void> {
    this.#ending ??= CLOSED_BY_US;
    this.#closed = true;
    this.#pace.stop();
    const inner = this.#inner;
    this.onclose?.();
    this.#shutdown.abort();
    for (const exchange of this.#exchanges.values()) this.#release(exchange);
    if (inner instanceof StreamableHTTPClientTransport && !this.#sessionLost) {
      const farewell = inner.terminateSession().catch(() => {}); // the server ends the session by itself some time
      await Promise.race([farewell, delay(FAREWELL_MS, undefined, { ref: false })]);
    }
    await inner.close();
  }
}

/** Turns the SDK's HTTP errors into HttpError; returns any other error, such as one about invalid JSON, unchanged. */
function toFault(error: unknown): unknown {
  if (!(error instanceof StreamableHTTPError)) return error;
  const { code: status = 0, message } = error;
  const isRedirect = status >= 300 && status < 400;
  const words = isRedirect
    ? `it redirects to another address, to which the headers must not be sent; configure its final URL (${message})`
    : message;
  return new HttpError("http_error", words, { sent: true, status, cause: error });
}

function noResponse(): HttpError {
  return new HttpError("http_error", "it answered a request with HTTP 202, without a response", { sent: true });
}
