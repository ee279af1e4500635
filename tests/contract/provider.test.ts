import { readAnthropicReply } from "../../src/providers/anthropic/read-reply.js";
import { readGeminiReply } from "../../src/providers/gemini/read-reply.js";
import { readChatReply } from "../../src/providers/openai/chat/read-reply.js";
import { readResponsesReply } from "../../src/providers/openai/responses/read-reply.js";
import { createRehearsalProvider } from "../../src/providers/rehearsal/provider.js";
import { readRehearsalReply } from "../../src/providers/rehearsal/read-reply.js";
import type { Script } from "../../src/providers/rehearsal/script.js";
import { failure, message, text, use } from "../support/anthropic/behaviours.js";
import { MODEL as CLAUDE, setConnect as setAnthropicConnect } from "../support/anthropic/provider.js";
import type { Script as AnthropicScript } from "../support/anthropic/stand-in.js";
import { MODEL, setConnect } from "../support/gemini-provider.js";
import { refusal, reply, type Script as WireScript } from "../support/gemini-stand-in.js";
import type { WirePart } from "../support/gemini-wire-check.js";
import { reply as chatReply } from "../support/openai/chat-stand-in.js";
import { MODEL as OPENAI_MODEL, setConnect as setOpenAi } from "../support/openai/provider.js";
import { call, message as outputMessage, response } from "../support/openai/responses-stand-in.js";
import { hang, type Script as OpenAiScript, refusal as openAiRefusal } from "../support/openai/stand-in.js";
import { describeProvider, type OpenProvider, type ProviderImplementation } from "./suites/provider.js";

const connect = setConnect();
const connectAnthropic = setAnthropicConnect();
const openAi = setOpenAi();

const openGemini = async (script: WireScript): Promise<OpenProvider> => {
  const { provider } = await connect(script);
  return { provider, model: MODEL };
};
const openAnthropic = async (script: AnthropicScript): Promise<OpenProvider> => {
  const { provider } = await connectAnthropic(script);
  return { provider, model: CLAUDE };
};
const openChat = async (script: OpenAiScript): Promise<OpenProvider> => {
  const { provider } = await openAi.chat("groq", script, { name: "openai-chat" });
  return { provider, model: OPENAI_MODEL };
};
const openResponses = async (script: OpenAiScript): Promise<OpenProvider> => {
  const { provider } = await openAi.responses(script, { name: "openai-responses" });
  return { provider, model: OPENAI_MODEL };
};
const openRehearsal = async (replies: Script["replies"]): Promise<OpenProvider> => ({
  provider: createRehearsalProvider(() => ({ replies })),
  model: "a-script",
});

const COUNTED = { usage: { promptTokenCount: 10, candidatesTokenCount: 2, totalTokenCount: 12 } };
const CLAUDE_COUNTED = { usage: { input_tokens: 10, output_tokens: 2 } };
const CALL = { functionCall: { name: "s__read", args: { n: 1 } } } as WirePart;
const CHAT_USAGE = { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 };
const RESPONSES_USAGE = { usage: { input_tokens: 10, output_tokens: 2 } };
const usage = { input: 10, output: 2, cached: 0, thinking: 0 };

const PROVIDERS: readonly ProviderImplementation[] = [
  {
    name: "gemini",
    readReply: readGeminiReply,
    talks: () => openGemini([reply([{ text: "I look." }, CALL], COUNTED), reply([{ text: "done" }], COUNTED)]),
    isSilent: () => openGemini([{ kind: "hang" }]),
    fails: () => openGemini([refusal(400, "this is no request")]),
  },
  {
    name: "anthropic",
    readReply: readAnthropicReply,
    talks: () =>
      openAnthropic([
        message([text("I look."), use("s__read", { n: 1 })], CLAUDE_COUNTED),
        message([text("done")], CLAUDE_COUNTED),
      ]),
    isSilent: () => openAnthropic([{ kind: "hang" }]),
    fails: () => openAnthropic([failure(400, "invalid_request_error", "this is no request")]),
  },
  {
    name: "openai-chat",
    readReply: readChatReply,
    talks: () =>
      openChat([
        chatReply({ text: "I look.", calls: [{ name: "s__read", arguments: '{"n":1}' }], usage: CHAT_USAGE }),
        chatReply({ text: "done", usage: CHAT_USAGE }),
      ]),
    isSilent: () => openChat([hang()]),
    fails: () => openChat([openAiRefusal(400, "this is no request")]),
  },
  {
    name: "openai-responses",
    readReply: readResponsesReply,
    talks: () =>
      openResponses([
        response([outputMessage("I look."), call("s__read", '{"n":1}')], RESPONSES_USAGE),
        response([outputMessage("done")], RESPONSES_USAGE),
      ]),
    isSilent: () => openResponses([hang()]),
    fails: () => openResponses([openAiRefusal(400, "this is no request")]),
  },
  {
    name: "rehearsal",
    readReply: readRehearsalReply,
    talks: () =>
      openRehearsal([
        { text: "I look.", calls: [{ tool: "s__read", arguments: { n: 1 } }], usage },
        { text: "done", usage },
      ]),
    isSilent: () => openRehearsal([{ text: "too late", delay_ms: 3_600_000 }]),
    fails: () => openRehearsal([]),
  },
];

for (const implementation of PROVIDERS) describeProvider(implementation);
