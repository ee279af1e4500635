/** The Gemini provider on a stand-in, for its contract tests. */
import type { ModelReply, ModelRequest, Provider } from "../../src/core/ports/provider.js";
import { gemini } from "../../src/providers/gemini/definition.js";
import { createGeminiProvider } from "../../src/providers/gemini/provider.js";
import { type GeminiStandIn, type Script, startGeminiStandIn } from "./gemini-stand-in.js";
import { askWith, type Connect, setConnections } from "./provider-connect.js";
import { setupOf } from "./provider-setup.js";

export const KEY = "AIza-secret-of-the-test";
export const MODEL = "gemini-3.8-flash";

/** For the tests of the file or block that calls it. */
export function setConnect(): Connect<Script, GeminiStandIn> {
  return setConnections(startGeminiStandIn, (url) =>
    createGeminiProvider(setupOf(gemini, { apiKey: KEY, baseUrl: url })),
  );
}

/** Asks with a request of one message, where the test gives no other. */
export function ask(
  provider: Provider,
  request: Partial<ModelRequest> = {},
  signal?: AbortSignal,
): Promise<ModelReply> {
  return askWith(provider, { model: MODEL, ...request }, signal);
}
