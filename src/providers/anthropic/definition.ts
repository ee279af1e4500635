/** Anthropic among the providers. */
import type { ProviderDefinition } from "../definition.js";
import { modelIdFault } from "./models.js";
import { readAnthropicReply } from "./read-reply.js";
import { ANTHROPIC, VENDOR } from "./wire.js";

export const anthropic: ProviderDefinition = {
  ...VENDOR,
  defaultModel: "claude-sonnet-5-5",
  keyVariable: "ANTHROPIC_API_KEY",
  baseUrlVariable: "ANTHROPIC_BASE_URL",
  addedPaths: ["/v1/messages", "/v1"],
  keyPage: "https://console.anthropic.com/settings/keys",
  wires: [],
  hosts: [],
  hasBetas: true,
  aliases: {
    fable: "claude-fable-5-2",
    opus: "claude-opus-5-5",
    sonnet: "claude-sonnet-5-5",
    haiku: "claude-haiku-5-5",
  },
  cacheWriteRatio: 1.25,
  mostTools: null,
  windows: [
    { models: "claude-fable-5*", tokens: 1_000_000 },
    { models: "claude-opus-5*", tokens: 1_000_000 },
    { models: "claude-sonnet-5*", tokens: 1_000_000 },
    { models: "claude-haiku-5*", tokens: 1_000_000 },
    { models: "claude-*", tokens: 200_000 },
  ],
  modelsBegin: /^claude-/,
  modelIdFault,
  readReply: { [ANTHROPIC]: readAnthropicReply },
  async open(setup) {
    const { createAnthropicProvider } = await import("./provider.js");
    return createAnthropicProvider(setup);
  },
};
