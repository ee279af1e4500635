/** The conversation of a run, read from anywhere: the same messages as read from its beginning. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { StoredEvent } from "../../src/core/run/event.js";
import { toMessageItems } from "../../src/views/event-views.js";
import { journal, readReply } from "../support/journals.js";

/** The events after a place, as a store gives them. */
async function* behind(stored: readonly StoredEvent[], afterSeq: number): AsyncGenerator<StoredEvent> {
  yield* stored.filter(({ seq }) => seq > afterSeq);
}

const BEGINNING = { afterSeq: 0, messages: 0 };

it("gives from the start of each message that message and all behind it", async () => {
  await fc.assert(
    fc.asyncProperty(journal, async (events) => {
      const stored: readonly StoredEvent[] = events.map((event, index) => ({ seq: index + 1, at: 0, event }));
      const whole = await toMessageItems("do it", BEGINNING, behind(stored, 0), Number.POSITIVE_INFINITY, readReply);
      for (const { key, start } of whole) {
        const again = await toMessageItems(
          "do it",
          start,
          behind(stored, start.afterSeq),
          Number.POSITIVE_INFINITY,
          readReply,
        );
        expect(again.filter((item) => item.key >= key)).toEqual(whole.slice(key - 1));
      }
    }),
  );
});

it("reads no further than to the turn behind the page, and leaves nothing of the page half told", async () => {
  await fc.assert(
    fc.asyncProperty(journal, fc.integer({ min: 1, max: 5 }), async (events, limit) => {
      const stored: readonly StoredEvent[] = events.map((event, index) => ({ seq: index + 1, at: 0, event }));
      const whole = await toMessageItems("do it", BEGINNING, behind(stored, 0), Number.POSITIVE_INFINITY, readReply);
      const page = await toMessageItems("do it", BEGINNING, behind(stored, 0), limit, readReply);
      expect(page).toEqual(whole.slice(0, page.length));
      expect(page.length).toBeGreaterThanOrEqual(Math.min(limit, whole.length));
    }),
  );
});
