/** The Anthropic provider on a stand-in, for its contract tests. */
import type { ProviderSetup } from "../../../src/core/definitions/provider-setup.js";
import type { ModelReply, ModelRequest, Provider } from "../../../src/core/ports/provider.js";
import type { Message, RawReply, ToolDeclaration } from "../../../src/core/run/message.js";
import { anthropic } from "../../../src/providers/anthropic/definition.js";
import { createAnthropicProvider } from "../../../src/providers/anthropic/provider.js";
import { readAnthropicReply } from "../../../src/providers/anthropic/read-reply.js";
import { askWith, type Connect, setConnections } from "../provider-connect.js";
import { setupOf } from "../provider-setup.js";
import { type AnthropicStandIn, type Script, startAnthropicStandIn, VENDOR_BETAS } from "./stand-in.js";

export const KEY = "sk-ant-secret-of-the-test";
export const MODEL = "claude-sonnet-5-5";

/** For the tests of the file or block that calls it; a provider takes the vendor's betas where its stand-in does. */
export function setConnect(betas: readonly string[] = VENDOR_BETAS): Connect<Script, AnthropicStandIn> {
  return setConnections(
    (script) => startAnthropicStandIn(script, { betas }),
    (url) => createOn(url, { betas: betas.length > 0 }),
  );
}

/** The provider at an address. */
export function createOn(baseUrl: string, changes: Partial<ProviderSetup> = {}): Provider {
  return createAnthropicProvider(setupOf(anthropic, { apiKey: KEY, baseUrl, ...changes }));
}

/** Asks with a request of one message, where the test gives no other. */
export function ask(
  provider: Provider,
  request: Partial<ModelRequest> = {},
  signal?: AbortSignal,
): Promise<ModelReply> {
  return askWith(provider, { model: MODEL, ...request }, signal);
}

export function rawOf(answer: ModelReply): RawReply {
  if (answer.ok) return answer.raw;
  throw new Error(`no reply: ${answer.reason}`);
}

/** What the runner adds to the conversation: the reply, and an answer to each call. */
export function answered(raw: RawReply): readonly Message[] {
  const content = readAnthropicReply(raw);
  const said: Message = { role: "assistant", raw, content };
  const answers = content.calls.map((call) => ({ call, isError: false, text: `answer to ${call.name}` }));
  return answers.length === 0 ? [said] : [said, { role: "tool", answers }];
}

export function tool(name: string, inputSchema: object = { type: "object" }): ToolDeclaration {
  return { name, description: `What ${name} does`, inputSchema };
}
