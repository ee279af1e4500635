/**
 * Keeps the requests of providers at their own addresses: fetch takes the header with the key along wherever a redirect leads,
 * and not every vendor's SDK takes options for it. The guard stands in Node's global dispatcher, which every hop of a redirect
 * passes before anything is sent.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";

/** One request of the SDK, and what the SDK does not tell about it. */
export interface GuardedRequest {
  /** The only origin that it may reach. */
  readonly origin: string;
  /** The origin to which it was redirected; nothing was sent there. */
  strayedTo: string | null;
  /** The status of its last response; null before there is one. */
  status: number | null;
  /** The headers of its last response, by name in lower case. */
  headers: ReadonlyMap<string, string>;
  /** The bytes of its last response as they arrive, where somebody asks for them by a list; null where nobody does. */
  body: Uint8Array[] | null;
  /** Called with them as soon as they are there. Must not throw: nobody would catch it. */
  readonly onHeaders?: ((headers: ReadonlyMap<string, string>) => void) | undefined;
}

/** The part of undici's dispatcher that the guard needs, which Node shares by a symbol. */
interface Dispatcher {
  dispatch(options: { readonly origin?: string | URL }, handler: object): boolean;
}

interface UndiciResponse {
  readonly statusCode: number;
  readonly headers: readonly Uint8Array[];
}

const DISPATCHER = Symbol.for("undici.globalDispatcher.1");
const NOWHERE = "http://legwork.invalid"; // a name that never resolves

const inFlight = new AsyncLocalStorage<GuardedRequest>();
const sent = new WeakMap<object, GuardedRequest>();
const holder: { [DISPATCHER]?: Dispatcher } & typeof globalThis = globalThis;
let guard: Dispatcher | null = null;
let installed = Promise.resolve(false);

/** Sends with the global fetch, which reaches no origin but that of the request. Other requests of the process pass as ever. */
export function sendGuarded<T>(request: GuardedRequest, send: () => Promise<T>): Promise<T> {
  return inFlight.run(request, send);
}

export function guardedRequest(baseUrl: string, onHeaders?: GuardedRequest["onHeaders"]): GuardedRequest {
  return { origin: new URL(baseUrl).origin, strayedTo: null, status: null, headers: new Map(), body: null, onHeaders };
}

/** Installs the guard where it is not; resolves to whether it holds: it does not in a Node that keeps its dispatcher elsewhere. */
export function installGuard(): Promise<boolean> {
  if (guard === null || holder[DISPATCHER] !== guard) installed = install();
  return installed;
}

async function install(): Promise<boolean> {
  void globalThis.Headers; // makes Node load its fetch, and with it the dispatcher
  const original = holder[DISPATCHER];
  if (original === undefined) return false;
  if (guard === null) noteHeaders();
  guard = guardOf(original);
  holder[DISPATCHER] = guard;
  return await holds();
}

function guardOf(original: Dispatcher): Dispatcher {
  const dispatch: Dispatcher["dispatch"] = (options, handler) => {
    const request = inFlight.getStore();
    if (request === undefined) return original.dispatch(options, handler);
    const { origin } = new URL(options.origin ?? NOWHERE);
    if (origin !== request.origin) {
      request.strayedTo = origin;
      throw new Error(`a request to ${request.origin} may not go to ${origin}`);
    }
    // Without the 300 s that Node gives a silent answer: stall_seconds and the deadline of the run bound it.
    return original.dispatch(
      { ...options, ...NO_TIMEOUTS },
      request.body === null ? handler : overheard(handler, request),
    );
  };
  return Object.create(original, { dispatch: { value: dispatch } }) as Dispatcher;
}

/** The methods that take a piece of a body, with the place of its bytes: one in older Nodes, the other in newer ones. */
const PIECE_METHODS = [
  { name: "onData", at: 0 },
  { name: "onResponseData", at: 1 },
];

/** The same handler, which also keeps the bytes. */
function overheard(handler: object, request: GuardedRequest): object {
  const wrapper = Object.create(handler) as Record<string, unknown>;
  for (const { name, at } of PIECE_METHODS) {
    const take = (handler as Readonly<Record<string, unknown>>)[name];
    if (typeof take !== "function") continue;
    wrapper[name] = function (this: unknown, ...parts: readonly unknown[]) {
      const bytes = parts[at];
      if (bytes instanceof Uint8Array) request.body?.push(Buffer.from(bytes)); // Node may use the memory again
      return Reflect.apply(take, this, parts);
    };
  }
  return wrapper;
}

const NO_TIMEOUTS = { headersTimeout: 0, bodyTimeout: 0 };

/** The SDK drops the headers of a response, and with them Retry-After. */
function noteHeaders(): void {
  subscribe("undici:request:create", (message) => {
    const request = inFlight.getStore();
    if (request !== undefined) sent.set((message as { request: object }).request, request);
  });
  subscribe("undici:request:headers", (message) => {
    const { request: key, response } = message as { request: object; response: UndiciResponse };
    const request = sent.get(key);
    if (request === undefined) return;
    request.status = response.statusCode;
    request.headers = toHeaders(response.headers);
    if (request.body !== null) request.body = []; // without that of a redirect
    request.onHeaders?.(request.headers);
  });
}

/** Names and values in turn. */
function toHeaders(raw: readonly Uint8Array[]): ReadonlyMap<string, string> {
  const texts = raw.map((bytes) => Buffer.from(bytes).toString("latin1"));
  return new Map(
    texts.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), texts[index + 1] ?? ""]] : [])),
  );
}

/** Whether a stray request is stopped before it leaves. */
async function holds(): Promise<boolean> {
  const request: GuardedRequest = { ...guardedRequest(NOWHERE), origin: "" };
  await sendGuarded(request, () => fetch(NOWHERE)).catch(() => {});
  return request.strayedTo === NOWHERE;
}
