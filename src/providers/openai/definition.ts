/** OpenAI among the providers, and with it all hosts that speak one of its wires. */
import type { ProviderDefinition } from "../definition.js";
import { readChatReply } from "./chat/read-reply.js";
import { HOST_NAMES, hostOf } from "./hosts.js";
import { modelIdFault, VENDOR } from "./names.js";
import { readResponsesReply } from "./responses/read-reply.js";

export const openai: ProviderDefinition = {
  ...VENDOR,
  defaultModel: "gpt-6.1-sol",
  keyVariable: "OPENAI_API_KEY",
  baseUrlVariable: "OPENAI_BASE_URL",
  addedPaths: ["/chat/completions", "/responses"],
  keyPage: "https://platform.openai.com/api-keys",
  wires: ["responses", "chat"],
  hosts: HOST_NAMES,
  isServedLocally: true,
  aliases: {},
  cacheWriteRatio: 1,
  mostTools: null, // OpenAI takes 128, and other hosts behind its wires have limits of their own
  windows: [
    { models: "gpt-5*", tokens: 400_000 },
    { models: "gpt-4.1*", tokens: 1_047_576 },
    { models: "gpt-4o*", tokens: 128_000 },
  ],
  modelsBegin: /^(gpt-|chatgpt-|codex-|o\d)/,
  modelNames: (setup) => hostOf(setup).modelNames ?? "plain",
  modelIdFault,
  readReply: { responses: readResponsesReply, chat: readChatReply },
  async open(setup) {
    const { createOpenAiProvider } = await import("./provider.js");
    return createOpenAiProvider(setup);
  },
};
