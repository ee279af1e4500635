/** The vendor's SDK as a thin transport. */
import type { MessageCreateParamsStreaming } from "@anthropic-ai/sdk/resources/beta/messages/messages";
import { normalBaseUrl, type ProviderSetup } from "../../core/definitions/provider-setup.js";
import { isRecord } from "../../lib/is-record.js";
import { type Receiver, readAnswer } from "../http/read-answer.js";
import type { AnthropicSdk } from "./to-provider-error.js";
import { type AnthropicRequest, VENDOR } from "./wire.js";

export interface Client {
  /** Hands the events of the answer to `receiver`. Rejects with the SDK's errors, Unreadable, or what `receiver` throws. */
  send(body: AnthropicRequest, receiver: Receiver, signal: AbortSignal): Promise<void>;
}

const NEVER_MS = 2 ** 31 - 1; // the longest time of a timer: stall_seconds and the deadline of the run bound a request
const QUIET = { error() {}, warn() {}, info() {}, debug() {} }; // it would show conversations, and on stdout

/** Headers of the SDK's own; others come from a variable that it reads, and belong to whatever the user set them for. */
const OWN_HEADER = /^(accept|authorization|content-type|user-agent|x-api-key|anthropic-.*|x-stainless-.*)$/;

export function createClient(sdk: AnthropicSdk, { apiKey, baseUrl }: ProviderSetup): Client {
  const key = apiKey ?? "none"; // without one the SDK would look for profiles on the disk
  const address = new URL(baseUrl);
  const defaultQuery = Object.fromEntries(address.searchParams);
  address.search = "";
  const client = new sdk.Anthropic({
    apiKey: key,
    baseURL: normalBaseUrl(address.href),
    defaultQuery,
    maxRetries: 0,
    timeout: NEVER_MS,
    logger: QUIET,
    logLevel: "off",
    openTelemetry: false,
    fetch: (url, init) => fetch(url, { ...init, headers: ownHeaders(init?.headers) }),
  });
  // Gateways read the one or the other.
  const headers = { authorization: `Bearer ${key}`, ...(baseUrl !== VENDOR.baseUrl && { "x-api-key": key }) };
  return {
    async send({ betas, ...body }, receiver, signal) {
      const request = toSdkRequest({ ...body, ...(betas && { betas }) });
      const response = await client.beta.messages.create(request, { signal, headers }).asResponse();
      await readAnswer(response.body, {
        end: () => receiver.end(),
        add(value) {
          if (!isError(value)) return receiver.add(value);
          const { type } = isRecord(value.error) ? value.error : {};
          throw new sdk.APIError(undefined, value, undefined, response.headers, type as ApiErrorType);
        },
      });
    },
  };
}

type ApiErrorType = ConstructorParameters<AnthropicSdk["APIError"]>[4];

/** Whether it is an error within an answer of status 200. */
function isError(value: unknown): value is { readonly error?: unknown } {
  if (!isRecord(value)) return false;
  const { type, error, message } = value;
  return type === "error" || (type === undefined && (error ?? message) !== undefined); // gateways have forms of their own
}

/** The SDK's types lack some of our fields, but it sends every field. */
function toSdkRequest(body: object): MessageCreateParamsStreaming {
  return body as MessageCreateParamsStreaming;
}

function ownHeaders(headers: RequestInit["headers"]): Headers {
  const own = new Headers(headers);
  for (const name of [...own.keys()]) if (!OWN_HEADER.test(name)) own.delete(name);
  return own;
}
