/** The vendor's SDK as a transport: it builds the request, and legwork reads the answer. */
import type { ProviderSetup } from "../../../core/definitions/provider-setup.js";
import { type Receiver, readAnswer } from "../../http/read-answer.js";
import { isOpenAi } from "../names.js";
import { Refused, refusalIn } from "./refusal.js";

export interface Client {
  /** Hands the values of the answer to `receiver`. Rejects with Refused, Unreadable, or the error of a lost connection. */
  post(path: string, body: object, receiver: Receiver, signal: AbortSignal): Promise<void>;
}

const NO_TIMEOUT_MS = 2 ** 31 - 1; // the longest of a timer: stall_seconds and the deadline of the run bound a request
const OWN_HEADERS = ["accept", "authorization", "content-type", "user-agent"];

/** Loads the SDK. */
export async function createClient({ apiKey, baseUrl }: ProviderSetup): Promise<Client> {
  const { APIError, OpenAI } = await import("openai");
  const isVendors = isOpenAi(baseUrl);
  const log = (...parts: readonly unknown[]) => void process.stderr.write(`openai: ${parts.join(" ")}\n`);
  const { searchParams } = new URL(baseUrl);
  const sdk = new OpenAI({
    apiKey: apiKey ?? "none", // it insists on one, which servers without keys ignore
    adminAPIKey: null,
    webhookSecret: null,
    // Else it reads them from the environment, and they are for its vendor alone.
    ...(!isVendors && { organization: null, project: null }),
    baseURL: baseUrl.split("?")[0],
    defaultQuery: Object.fromEntries(searchParams),
    maxRetries: 0,
    timeout: NO_TIMEOUT_MS,
    logLevel: "off",
    logger: { error: log, warn: log, info: log, debug: log },
    async fetch(url, init) {
      const response = await fetch(url, isVendors ? init : { ...init, headers: ownHeaders(init?.headers) });
      return response.ok ? response : await withWholeBody(response);
    },
  });
  return {
    async post(path, body, receiver, signal) {
      const response = await sdk
        .post(path, { body, signal })
        .asResponse()
        .catch((error: unknown) => {
          const wrapped =
            error instanceof APIError ? (error.error as { readonly body?: unknown } | undefined) : undefined;
          if (!(error instanceof APIError) || error.status === undefined) throw error;
          throw new Refused(refusalIn(error.status, String(wrapped?.body ?? "")));
        });
      await readAnswer(response.body, receiver);
    },
  };
}

/** The SDK also adds headers of its vendor, and those that a variable of the environment names. */
function ownHeaders(headers: ConstructorParameters<typeof Headers>[0]): Headers {
  return new Headers([...new Headers(headers)].filter(([name]) => OWN_HEADERS.includes(name)));
}

/** The SDK keeps `error` of a refusal and drops all else, which is where many hosts write what they refuse. */
async function withWholeBody(response: Response): Promise<Response> {
  const { status, headers } = response;
  const body = await response.text();
  return new Response(JSON.stringify({ error: { body } }), { status: status < 400 ? 502 : status, headers });
}
