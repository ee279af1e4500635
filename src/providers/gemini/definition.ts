/** Gemini among the providers. */
import type { ProviderDefinition } from "../definition.js";
import { modelIdFault } from "./model-id.js";
import { readGeminiReply } from "./read-reply.js";
import { VENDOR } from "./wire.js";

export const gemini: ProviderDefinition = {
  ...VENDOR,
  defaultModel: "gemini-3.8-flash",
  keyVariable: "GEMINI_API_KEY",
  baseUrlVariable: "GOOGLE_GEMINI_BASE_URL",
  addedPaths: ["/v1beta/models", "/v1beta"],
  keyPage: "https://aistudio.google.com/apikey",
  wires: [],
  hosts: [],
  aliases: { flash: "gemini-3.8-flash", pro: "gemini-3.1-pro-preview" },
  cacheWriteRatio: 1,
  mostTools: 128, // with more declarations it refuses requests
  windows: [{ models: "gemini-*", tokens: 1_048_576 }],
  modelsBegin: /^gemini-/,
  modelIdFault,
  readReply: { gemini: readGeminiReply },
  async open(setup) {
    const { createGeminiProvider } = await import("./provider.js");
    return createGeminiProvider(setup);
  },
};
