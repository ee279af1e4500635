/** The Provider port: the rules that every vendor's adapter keeps. */
import { describe, expect, it } from "vitest";
import { ProviderError } from "../../../src/core/errors.js";
import type { ReadReply } from "../../../src/core/journal/history-state.js";
import type { Provider } from "../../../src/core/ports/provider.js";
import type { Message } from "../../../src/core/run/message.js";
import { AT_ONCE_MS } from "../../support/in-time.js";

/** A provider whose next replies a test has set. */
export interface OpenProvider {
  readonly provider: Provider;
  readonly model: string;
}

export interface ProviderImplementation {
  readonly name: string;
  readonly readReply: ReadReply;
  /** Says a text with one call, then answers a second request with "done"; both count 10 tokens in and 2 out. */
  talks(): Promise<OpenProvider>;
  /** Leaves the first request without a reply. */
  isSilent(): Promise<OpenProvider>;
  /** Refuses the first request. */
  fails(): Promise<OpenProvider>;
}

const FIRST: Message = { role: "user", text: "Begin" };
const TOOL = { name: "s__read", description: "Reads.", inputSchema: { type: "object", properties: {} } };

export function describeProvider({ name, readReply, talks, isSilent, fails }: ProviderImplementation): void {
  describe(`Provider ${name}`, () => {
    const ask = (
      { provider, model }: OpenProvider,
      messages: readonly Message[],
      signal = new AbortController().signal,
    ) => provider.reply({ model, system: "", messages, tools: [TOOL] }, signal);

    it("gives a raw reply that is the same after it was stored, and with which the conversation goes on", async () => {
      const open = await talks();
      const reply = await ask(open, [FIRST]);
      if (!reply.ok) throw new Error(reply.reason);
      expect(reply.raw).toMatchObject({ provider: name, model: open.model });
      const stored = JSON.parse(JSON.stringify(reply.raw)) as typeof reply.raw;
      expect(stored).toEqual(reply.raw);
      const content = readReply(stored);
      expect(content).toMatchObject({ text: "I look.", calls: [{ name: "s__read", arguments: { n: 1 } }] });
      const [call] = content.calls;
      if (!call) throw new Error("no call");
      const next = await ask(open, [
        FIRST,
        { role: "assistant", raw: stored, content },
        { role: "tool", answers: [{ call, isError: false, text: "read" }] },
      ]);
      if (!next.ok) throw new Error(next.reason);
      expect(readReply(next.raw)).toMatchObject({ text: "done", calls: [] });
    });

    it("takes a conversation that was folded behind its replies", async () => {
      const open = await talks();
      const reply = await ask(open, [FIRST]);
      if (!reply.ok) throw new Error(reply.reason);
      const content = readReply(reply.raw);
      const [call] = content.calls;
      if (!call) throw new Error("no call");
      const next = await ask(open, [
        FIRST,
        { role: "user", text: "[A summary.]", replaced: {} },
        { role: "assistant", raw: reply.raw, content, isFolded: true },
        { role: "tool", answers: [{ call, isError: false, text: "read" }] },
        { role: "user", text: "[Go on.]" },
      ]);
      if (!next.ok) throw new Error(next.reason);
      expect(readReply(next.raw)).toMatchObject({ text: "done", calls: [] });
    });

    it("counts the tokens of each reply", async () => {
      const { usage } = await ask(await talks(), [FIRST]);
      expect(usage).toMatchObject({ input: 10, output: 2 });
    });

    it("rejects at once with the reason of an abort, whatever the vendor does", async () => {
      const open = await isSilent();
      const controller = new AbortController();
      const asking = ask(open, [FIRST], controller.signal);
      const reason = new Error("the run was stopped");
      const before = performance.now();
      controller.abort(reason);
      await expect(asking).rejects.toBe(reason);
      expect(performance.now() - before).toBeLessThan(AT_ONCE_MS);
    });

    it("rejects where it was aborted before", async () => {
      const reason = new Error("the run was stopped");
      await expect(ask(await isSilent(), [FIRST], AbortSignal.abort(reason))).rejects.toBe(reason);
    });

    it("tells a failure as a ProviderError with a code", async () => {
      const asking = ask(await fails(), [FIRST]);
      await expect(asking).rejects.toThrow(ProviderError);
      await expect(asking).rejects.toMatchObject({ code: expect.stringMatching(/^[a-z_]+$/) });
    });
  });
}
