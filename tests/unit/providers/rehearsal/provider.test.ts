/** Rehearsals whose conversation was folded. */
import { expect, it } from "vitest";
import type { Message } from "../../../../src/core/run/message.js";
import { createRehearsalProvider } from "../../../../src/providers/rehearsal/provider.js";

it("counts the replies that a fold has replaced, those of its own script only", async () => {
  const provider = createRehearsalProvider(() => ({ replies: [{ repeat: 3, text: "early" }, { text: "fourth" }] }));
  const messages: readonly Message[] = [
    { role: "user", text: "task" },
    { role: "user", text: "summary", replaced: { "rehearsal/script": 2, "rehearsal/other": 5 } },
    {
      role: "assistant",
      raw: { provider: "rehearsal", model: "script", content: { text: "early", calls: [] } },
      content: { text: "early", calls: [] },
      isFolded: true,
    },
  ];
  const request = { model: "script", system: "", messages, tools: [] };
  const reply = await provider.reply(request, new AbortController().signal);
  expect(reply).toMatchObject({ ok: true, raw: { content: { text: "fourth" } } });
});
