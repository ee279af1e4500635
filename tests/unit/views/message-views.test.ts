/** The conversation of a run, read from any place: the same messages as read from its beginning. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { RunEvent, StoredEvent } from "../../../src/core/journal/event.js";
import { type MessagesStart, toMessageItems } from "../../../src/views/message-views.js";
import { journal, readReply } from "../../support/journals.js";

const BEGINNING = { afterSeq: 0, messages: 0 };

async function* storedAfter(events: readonly RunEvent[], afterSeq: number): AsyncGenerator<StoredEvent> {
  for (const [index, event] of events.entries()) if (index >= afterSeq) yield { seq: index + 1, at: 0, event };
}

function read(events: readonly RunEvent[], from: MessagesStart, most = Number.POSITIVE_INFINITY) {
  return toMessageItems("do it", from, storedAfter(events, from.afterSeq), most, readReply);
}

it("gives each message and all messages after it when it reads from the start of that message", async () => {
  await fc.assert(
    fc.asyncProperty(journal, async (events) => {
      const whole = await read(events, BEGINNING);
      for (const { key, start } of whole) {
        const again = await read(events, start);
        expect(again.filter((item) => item.key >= key)).toEqual(whole.slice(key - 1));
      }
    }),
  );
});

it("reads no further than the turn after the page, and gives each message of the page whole", async () => {
  await fc.assert(
    fc.asyncProperty(journal, fc.integer({ min: 1, max: 5 }), async (events, limit) => {
      const whole = await read(events, BEGINNING);
      const page = await read(events, BEGINNING, limit);
      expect(page).toEqual(whole.slice(0, page.length));
      expect(page.length).toBeGreaterThanOrEqual(Math.min(limit, whole.length));
    }),
  );
});

it("begins with the messages of the events where there is no first message", async () => {
  const events = storedAfter([{ type: "message_injected", text: "go on" }], 0);
  const [first] = await toMessageItems(null, BEGINNING, events, 5, readReply);
  expect(first?.value).toEqual({ index: 0, role: "user", text: "go on" });
});
