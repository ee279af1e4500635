/** The rehearsal provider: a script takes the place of the model, so that tests, demonstrations and workflow authors need no key. */
import { setTimeout as sleep } from "node:timers/promises";
import { ProviderError } from "../../core/errors.js";
import type { Provider } from "../../core/ports/provider.js";
import type { Message } from "../../core/run/message.js";
import { toModelText } from "../../core/run/model-name.js";
import type { RehearsalContent } from "./read-reply.js";
import type { LoadScript, Script } from "./script.js";

/**
 * Replies from scripts; the name of the model is the name of the script. Stateless: the number of the script's own
 * replies in the history determines the next reply, so that each of several scripts starts at its beginning.
 */
export function createRehearsalProvider(loadScript: LoadScript): Provider {
  return {
    async reply({ model, messages }, signal) {
      const script = loadScript(model);
      const number = messages.reduce((sum, message) => sum + repliesIn(message, model), 1);
      const entry = entryAt(script, number);
      if (entry === null)
        throw new ProviderError("script_ended", `the rehearsal script "${model}" has no reply number ${number}`);
      await sleep(entry.delay_ms ?? 0, undefined, { signal }).catch((cause: unknown) => {
        throw signal.aborted ? signal.reason : cause;
      });
      const content: RehearsalContent = {
        text: entry.text ?? "",
        calls: (entry.calls ?? []).map((call) => ({ tool: call.tool, arguments: call.arguments ?? {} })),
      };
      return { ok: true, raw: { provider: "rehearsal", model, content }, usage: entry.usage ?? null };
    },
  };
}

/** The script's own replies that a message is, or stands for since the conversation was folded. */
function repliesIn(message: Message, model: string): number {
  if (message.role === "user") return message.replaced?.[toModelText({ provider: "rehearsal", model })] ?? 0;
  return message.role === "assistant" && message.raw.provider === "rehearsal" && message.raw.model === model ? 1 : 0;
}

function entryAt(script: Script, number: number): Script["replies"][number] | null {
  let passed = 0;
  for (const entry of script.replies) {
    passed += entry.repeat ?? 1;
    if (number <= passed) return entry;
  }
  return null;
}
