/** The conversation of a run, read from anywhere: the same messages as read from its beginning. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { StoredEvent } from "../../src/core/run/event.js";
import { toMessageItems } from "../../src/views/event-views.js";
import { journal, readReply } from "../support/journals.js";

const BEGINNING = { afterSeq: 0, messages: 0 };

it("gives from the start of each message that message and all behind it", () => {
  fc.assert(
    fc.property(journal, (events) => {
      const stored: readonly StoredEvent[] = events.map((event, index) => ({ seq: index + 1, at: 0, event }));
      const whole = toMessageItems("do it", BEGINNING, stored, Number.POSITIVE_INFINITY, readReply);
      for (const { key, start } of whole) {
        const rest = stored.filter(({ seq }) => seq > start.afterSeq);
        const again = toMessageItems("do it", start, rest, Number.POSITIVE_INFINITY, readReply);
        expect(again.filter((item) => item.key >= key)).toEqual(whole.slice(key - 1));
      }
    }),
  );
});

it("reads no further than to the turn behind the page, and leaves nothing of the page half told", () => {
  fc.assert(
    fc.property(journal, fc.integer({ min: 1, max: 5 }), (events, limit) => {
      const stored: readonly StoredEvent[] = events.map((event, index) => ({ seq: index + 1, at: 0, event }));
      const whole = toMessageItems("do it", BEGINNING, stored, Number.POSITIVE_INFINITY, readReply);
      const page = toMessageItems("do it", BEGINNING, stored, limit, readReply);
      expect(page).toEqual(whole.slice(0, page.length));
      expect(page.length).toBeGreaterThanOrEqual(Math.min(limit, whole.length));
    }),
  );
});
