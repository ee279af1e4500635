/** The Gemini provider on a stand-in, for its contract tests; each test also fails when it leaves a rejection unhandled. */
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { ProviderError } from "../../src/core/errors.js";
import type { ModelReply, ModelRequest, Provider } from "../../src/core/ports/provider.js";
import type { Message } from "../../src/core/run/message.js";
import { gemini } from "../../src/providers/gemini/definition.js";
import { createGeminiProvider } from "../../src/providers/gemini/provider.js";
import { type GeminiStandIn, type Script, startGeminiStandIn } from "./gemini-stand-in.js";
import { setupOf } from "./provider-setup.js";

export const KEY = "AIza-secret-of-the-test";
export const MODEL = "gemini-3.8-flash";

/** Makes a provider on a stand-in of its own, which is closed after the test. */
export type Connect = (script: Script) => Promise<{ readonly provider: Provider; readonly standIn: GeminiStandIn }>;

/** For the tests of the file or block that calls it. */
export function setConnect(): Connect {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => unhandled.push(reason);
  const standIns: GeminiStandIn[] = [];

  beforeAll(() => void process.on("unhandledRejection", onUnhandled));
  afterAll(() => void process.off("unhandledRejection", onUnhandled));
  afterEach(async () => {
    await Promise.all(standIns.splice(0).map((standIn) => standIn.close()));
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });

  return async (script) => {
    const standIn = await startGeminiStandIn(script);
    standIns.push(standIn);
    return { provider: createGeminiProvider(setupOf(gemini, { apiKey: KEY, baseUrl: standIn.url })), standIn };
  };
}

/** Asks with a request of one message, where the test gives no other. */
export function ask(
  provider: Provider,
  request: Partial<ModelRequest> = {},
  signal = new AbortController().signal,
): Promise<ModelReply> {
  const messages: readonly Message[] = [{ role: "user", text: "Begin" }];
  return provider.reply({ model: MODEL, system: "", messages, tools: [], ...request }, signal);
}

/** The ProviderError that a call must end in. */
export async function failureOf(pending: Promise<ModelReply>): Promise<ProviderError> {
  const error: unknown = await pending.then(
    (answer) => answer,
    (reason) => reason,
  );
  if (error instanceof ProviderError) return error;
  throw new Error(`no ProviderError but ${JSON.stringify(error)}`, { cause: error });
}
