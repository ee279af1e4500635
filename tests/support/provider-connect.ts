/** A provider on a stand-in of its vendor, for contract tests; each test also fails when it leaves a rejection unhandled. */
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { ProviderError } from "../../src/core/errors.js";
import type { ModelReply, ModelRequest, Provider } from "../../src/core/ports/provider.js";
import type { Message } from "../../src/core/run/message.js";

/** What every stand-in of a vendor has. */
interface StandIn {
  readonly url: string;
  close(): Promise<void>;
}

/** Makes a provider on a stand-in of its own, which is closed after the test. */
export type Connect<Script, S extends StandIn> = (
  script: Script,
) => Promise<{ readonly provider: Provider; readonly standIn: S }>;

/** For the tests of the file or block that calls it. */
export function setConnections<Script, S extends StandIn>(
  start: (script: Script) => Promise<S>,
  create: (url: string) => Provider,
): Connect<Script, S> {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => unhandled.push(reason);
  const standIns: S[] = [];

  beforeAll(() => void process.on("unhandledRejection", onUnhandled));
  afterAll(() => void process.off("unhandledRejection", onUnhandled));
  afterEach(async () => {
    await Promise.all(standIns.splice(0).map((standIn) => standIn.close()));
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });

  return async (script) => {
    const standIn = await start(script);
    standIns.push(standIn);
    return { provider: create(standIn.url), standIn };
  };
}

/** Asks with a request of one message, where the test gives no other. */
export function askWith(
  provider: Provider,
  request: Partial<ModelRequest> & Pick<ModelRequest, "model">,
  signal = new AbortController().signal,
): Promise<ModelReply> {
  const messages: readonly Message[] = [{ role: "user", text: "Begin" }];
  return provider.reply({ system: "", messages, tools: [], ...request }, signal);
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
