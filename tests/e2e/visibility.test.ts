/** The work of a run while it is done: its replies as they are written, its calls, its cost; and a silence that is none. */
import { expect, it } from "vitest";
import { call, says, text } from "../support/agents.js";
import { type Behaviour, reply } from "../support/gemini-stand-in.js";
import type { WirePart } from "../support/gemini-wire-check.js";
import { naming } from "../support/naming.js";
import { shareHome } from "../support/shared-home.js";

const home = shareHome({
  config: "prices: { gemini: { gemini-3.8-flash: { input: 100, output: 100 } } }\nlimits: { stall_seconds: 3 }",
});

/** A reply whose parts come one by one. */
const slowly = (chunkDelayMs: number, ...parts: readonly WirePart[]): Behaviour => ({ ...reply(parts), chunkDelayMs });
const thought = (said: string) => ({ text: said, thought: true }) as WirePart;
/** Parts of one kind would be joined. */
const pieces = (...words: readonly string[]) =>
  words.flatMap((word) => [text(`${word} `), { text: "", thoughtSignature: "c2ln" } as WirePart]);

async function messagesOf(turns: readonly Behaviour[], args: Record<string, unknown> = {}) {
  const { prompt } = home.play(turns);
  const messages: string[] = [];
  const onprogress = ({ message = "" }: { message?: string | undefined }) => void messages.push(message);
  const given = { prompt, title: "looker", wait_seconds: 40, ...args };
  const { structured } = await home.host.call("spawn_agent", given, { onprogress });
  return { messages, structured };
}

it("shows the text and the thinking of a reply while it is written, at most once a second", async () => {
  const { messages, structured } = await messagesOf([
    slowly(1_100, thought("Let me think about it. "), ...pieces("First", "second", "third")),
  ]);
  expect(structured.status).toBe("success");
  const shown = messages.filter((message) => /thinks|writes/.test(message));
  expect(shown).toContainEqual(naming(/^looker: turn 1, thinks: /, "Let me think"));
  expect(shown).toContainEqual(naming(/^looker: turn 1, writes: /, "First"));
  expect(shown.length).toBeLessThan(8);
});

it("shows the calls that run at once, and the cost so far", async () => {
  const { messages } = await messagesOf([
    says(call("effects__slow", { ms: 400 }), call("effects__slow", { ms: 400, note: "b" })),
    says(text("Done.")),
  ]);
  expect(messages).toContainEqual(naming(/^looker: turn 1, effects__slow/, /, \$0\.0015$/));
});

it("shows no secret, also where it comes in pieces", async () => {
  const key = "test-key-of-the-user"; // that of the provider
  const { messages, structured } = await messagesOf([
    slowly(
      1_100,
      ...pieces("The", "key"),
      text("is test-key"),
      text("-of-the"),
      text("-user and"),
      ...pieces("on", "on"),
    ),
  ]);
  expect(structured.status).toBe("success");
  expect(messages.join("\n")).not.toContain("test-key-of");
  expect(messages.join("\n")).not.toContain(key);
});

it("counts stall_seconds from the last piece of a reply", async () => {
  const lively = await messagesOf([slowly(1_000, ...pieces("One", "two", "three", "four"))]);
  expect(lively.structured).toMatchObject({ status: "success" }); // 8 s of pieces, with 3 s of silence allowed
  const silent = await messagesOf(Array(3).fill(slowly(60_000, ...pieces("One"))));
  expect(silent.structured).toMatchObject({ status: "error", error: { code: "stalled" } });
});
