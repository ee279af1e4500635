/** The tolerances of each host that speaks the wire of chat completions: data, read by the code that writes requests. */
import { isLoopback, type ProviderSetup } from "../../core/definitions/provider-setup.js";
import type { ModelNames } from "../../core/ports/provider.js";
import type { Effort } from "../../core/run/model-settings.js";
import type { IdForm } from "./content/call-ids.js";
import { isOpenAi, OPENAI } from "./names.js";

/** The form of requests for one host. A refusal in words changes it. */
export interface ChatTolerances {
  /** The names of the field with the most tokens of a reply that are left to try; the first is sent. */
  readonly limitFields: readonly ("max_tokens" | "max_completion_tokens")[];
  /** Whether it takes `stream_options`. */
  readonly countsStreams: boolean;
  readonly temperature: boolean;
  /** The field of the effort; null where it takes none. */
  readonly effortField: "reasoning_effort" | "reasoning" | null;
  /** "none" turns reasoning off, against the settings. */
  readonly mostEffort: Effort | "none";
  /**
   * The reasoning in its own messages is kept under the name it came under; demanded in every message with calls,
   * as `reasoning_content`; stripped with all other fields that are no part of the documented message.
   */
  readonly reasoning: "kept" | "demanded" | "stripped";
  readonly callIds: IdForm;
  /** Whether it tells what it charged, where it is asked to. */
  readonly cost: boolean;
  /** Whether it stores requests that do not forbid it. */
  readonly store: boolean;
}

/** A host, or all that are not known. */
export interface Host {
  /** The first is the usual one. */
  readonly names: readonly string[];
  /** Where it is found: domains with what is below them, and ports of this machine that are its own. */
  readonly domains?: readonly string[];
  readonly port?: string;
  readonly tolerances: ChatTolerances;
  /** Missing where they are plain. */
  readonly modelNames?: ModelNames;
  readonly images: boolean;
  /** The remedy, where it cuts long conversations without a word. */
  readonly cutRemedy?: string;
}

/** The form that all hosts take; the refusals of a single one are learned. */
const PLAIN: ChatTolerances = {
  limitFields: ["max_tokens", "max_completion_tokens"],
  countsStreams: true,
  temperature: true,
  effortField: "reasoning_effort",
  mostEffort: "high",
  reasoning: "kept",
  callIds: "any",
  cost: false,
  store: false,
};

const UNKNOWN: Host = { names: [], tolerances: PLAIN, images: true };

const HOSTS: readonly Host[] = [
  {
    names: [OPENAI],
    domains: ["api.openai.com"],
    tolerances: {
      ...PLAIN,
      limitFields: ["max_completion_tokens", "max_tokens"],
      mostEffort: "max",
      reasoning: "stripped",
      store: true,
    },
    images: true,
  },
  {
    names: ["deepseek"],
    domains: ["api.deepseek.com"],
    tolerances: { ...PLAIN, reasoning: "demanded" },
    images: false,
  },
  {
    names: ["kimi", "moonshot"],
    domains: ["api.moonshot.ai", "api.moonshot.cn", "api.kimi.com"],
    tolerances: { ...PLAIN, reasoning: "demanded", effortField: null },
    images: true,
  },
  {
    names: ["groq"],
    domains: ["api.groq.com"],
    tolerances: { ...PLAIN, reasoning: "stripped" },
    modelNames: "with_vendor",
    images: true,
  },
  {
    names: ["openrouter"],
    domains: ["openrouter.ai"],
    tolerances: {
      ...PLAIN,
      limitFields: ["max_completion_tokens", "max_tokens"],
      effortField: "reasoning",
      mostEffort: "xhigh",
      cost: true,
    },
    modelNames: "with_vendor_or_own",
    images: true,
  },
  { names: ["vllm"], tolerances: PLAIN, modelNames: "with_vendor", images: true },
  {
    names: ["ollama"],
    port: "11434",
    tolerances: PLAIN,
    images: true,
    cutRemedy:
      "Ollama cuts what is longer than its context window, 4,096 tokens where nothing else is set: raise OLLAMA_CONTEXT_LENGTH, or num_ctx in a Modelfile",
  },
  { names: ["llama.cpp", "llamacpp", "llama-cpp"], tolerances: PLAIN, images: true },
  { names: ["lmstudio", "lm-studio"], port: "1234", tolerances: PLAIN, modelNames: "with_vendor", images: true },
  {
    names: ["mistral"],
    domains: ["api.mistral.ai"],
    tolerances: { ...PLAIN, countsStreams: false, effortField: null, reasoning: "stripped", callIds: "nine" },
    images: true,
  },
  {
    names: ["z.ai", "zai", "z-ai"],
    domains: ["api.z.ai", "open.bigmodel.cn"],
    tolerances: { ...PLAIN, effortField: null },
    images: false,
  },
  {
    names: ["together"],
    domains: ["api.together.xyz", "api.together.ai"],
    tolerances: PLAIN,
    modelNames: "with_vendor",
    images: true,
  },
  {
    names: ["nvidia"],
    domains: ["integrate.api.nvidia.com"],
    tolerances: PLAIN,
    modelNames: "with_vendor",
    images: true,
  },
  {
    names: ["cloudflare"],
    domains: ["api.cloudflare.com", "gateway.ai.cloudflare.com"],
    tolerances: PLAIN,
    modelNames: "with_vendor",
    images: true,
  },
];

/** For `host` in an entry of the configuration. */
export const HOST_NAMES: readonly string[] = HOSTS.flatMap(({ names }) => names);

/** The host of a provider: named by its entry, else by the name of the entry, else found by its address. */
export function hostOf({ host, name, baseUrl }: Pick<ProviderSetup, "host" | "name" | "baseUrl">): Host {
  const named = (wanted: string | null) => HOSTS.find(({ names }) => wanted !== null && names.includes(wanted));
  // The vendor's own provider may have been given another address.
  const byName = name === OPENAI && !isOpenAi(baseUrl) ? undefined : named(name);
  return named(host) ?? byName ?? HOSTS.find((known) => isAt(known, baseUrl)) ?? UNKNOWN;
}

function isAt({ domains = [], port }: Host, baseUrl: string): boolean {
  const url = new URL(baseUrl);
  if (domains.some((domain) => url.hostname === domain || url.hostname.endsWith(`.${domain}`))) return true;
  return port !== undefined && url.port === port && isLoopback(baseUrl);
}
