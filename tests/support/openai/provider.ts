/** The openai provider on stand-ins, for its contract tests; each test also fails when it leaves a rejection unhandled. */
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { ProviderSetup } from "../../../src/core/definitions/provider-setup.js";
import { ProviderError } from "../../../src/core/errors.js";
import type { ModelReply, ModelRequest, Provider } from "../../../src/core/ports/provider.js";
import type { Message, RawReply, ReplyContent, ToolDeclaration } from "../../../src/core/run/message.js";
import { wireOf } from "../../../src/core/run/message.js";
import { openai } from "../../../src/providers/openai/definition.js";
import { createOpenAiProvider } from "../../../src/providers/openai/provider.js";
import { setupOf } from "../provider-setup.js";
import { type ChatProfile, startChatStandIn, startLooseStandIn } from "./chat-stand-in.js";
import { startResponsesStandIn } from "./responses-stand-in.js";
import type { Script, StandIn } from "./stand-in.js";

export const KEY = "sk-secret-of-the-test";
export const MODEL = "some/model:free";

/** The host of an entry, by the profile of its stand-in. */
const HOSTS: Readonly<Record<ChatProfile, string | null>> = {
  openai: "openai",
  deepseek: "deepseek",
  groq: "groq",
  openrouter: "openrouter",
  vllm: "vllm",
  ollama: "ollama",
  llamacpp: "llama.cpp",
  mistral: "mistral",
  strict: null,
};

export interface Connected {
  readonly provider: Provider;
  readonly standIn: StandIn;
  /** Another provider on the same stand-in, which has learned nothing. */
  again(changes?: Partial<ProviderSetup>): Provider;
}

/** Makes a provider on a stand-in of its own, which is closed after the test. */
export interface Connect {
  chat(profile: ChatProfile, script: Script, changes?: Partial<ProviderSetup>): Promise<Connected>;
  /** A host that nobody knows, which takes everything. */
  loose(script: Script, changes?: Partial<ProviderSetup>): Promise<Connected>;
  responses(script: Script, changes?: Partial<ProviderSetup>): Promise<Connected>;
}

/** For the tests of the file or block that calls it. */
export function setConnect(): Connect {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => unhandled.push(reason);
  const standIns: StandIn[] = [];

  beforeAll(() => void process.on("unhandledRejection", onUnhandled));
  afterAll(() => void process.off("unhandledRejection", onUnhandled));
  afterEach(async () => {
    await Promise.all(standIns.splice(0).map((standIn) => standIn.close()));
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });

  function connected(standIn: StandIn, setup: Partial<ProviderSetup>): Connected {
    standIns.push(standIn);
    const again = (changes: Partial<ProviderSetup> = {}) =>
      createOpenAiProvider(setupOf(openai, { apiKey: KEY, baseUrl: standIn.url, ...setup, ...changes }));
    return { provider: again(), standIn, again };
  }

  return {
    async chat(profile, script, changes = {}) {
      const standIn = await startChatStandIn(profile, script);
      return connected(standIn, { name: "mine", host: HOSTS[profile], keyVariable: "MINE_KEY", ...changes });
    },
    async loose(script, changes = {}) {
      return connected(await startLooseStandIn(script), { name: "mine", keyVariable: "MINE_KEY", ...changes });
    },
    async responses(script, changes = {}) {
      return connected(await startResponsesStandIn(script), { wire: "responses", ...changes });
    },
  };
}

/** Asks with a request of one message, where the test gives no other. */
export function ask(
  provider: Provider,
  request: Partial<ModelRequest> = {},
  signal = new AbortController().signal,
): Promise<ModelReply> {
  return provider.reply({ model: MODEL, system: "", messages: [BEGIN], tools: [], ...request }, signal);
}

export const BEGIN: Message = { role: "user", text: "Begin" };

export const TOOL: ToolDeclaration = {
  name: "s__read",
  description: "Reads.",
  inputSchema: { type: "object", properties: { n: { type: "integer" } } },
};

/** The ProviderError that a call must end in. */
export async function failureOf(pending: Promise<ModelReply>): Promise<ProviderError> {
  const error: unknown = await pending.then(
    (reply) => reply,
    (reason) => reason,
  );
  if (error instanceof ProviderError) return error;
  throw new Error(`no ProviderError but ${JSON.stringify(error)}`, { cause: error });
}

export function rawOf(reply: ModelReply): RawReply {
  if (reply.ok) return reply.raw;
  throw new Error(`no reply: ${reply.reason}`);
}

/** The text and calls of a reply, after it was stored. */
export function contentOf(reply: ModelReply): ReplyContent {
  return contentOfRaw(JSON.parse(JSON.stringify(rawOf(reply))));
}

function contentOfRaw(raw: RawReply): ReplyContent {
  const read = openai.readReply[wireOf(raw)];
  if (!read) throw new Error(`no reader of ${wireOf(raw)}`);
  return read(raw);
}

/** The messages that the runner adds: the reply as it was stored, and an answer to each call, every second one an error. */
export function answered(reply: ModelReply): readonly Message[] {
  const raw: RawReply = JSON.parse(JSON.stringify(rawOf(reply)));
  const content = contentOfRaw(raw);
  const answers = content.calls.map((call, index) => ({ call, isError: index % 2 === 1, text: `answer ${index}` }));
  const written: Message = { role: "assistant", raw, content };
  return answers.length === 0 ? [written] : [written, { role: "tool", answers }];
}

/** Talks until the model calls nothing more; the messages of the conversation. */
export async function talk(provider: Provider, request: Partial<ModelRequest> = {}): Promise<Message[]> {
  const messages: Message[] = [...(request.messages ?? [BEGIN])];
  for (let turn = 0; turn < 10; turn++) {
    const reply = await ask(provider, { tools: [TOOL], ...request, messages });
    messages.push(...answered(reply));
    if (contentOf(reply).calls.length === 0) return messages;
  }
  throw new Error("the model never ends");
}
