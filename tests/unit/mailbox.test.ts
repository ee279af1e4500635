/** A run's mailbox: each message is read once, however the run's own events lie around it. */
import { expect, it } from "vitest";
import type { RunEvent, StoredEvent } from "../../src/core/run/event.js";
import { createMailbox } from "../../src/runner/state/mailbox.js";

const OWN: RunEvent = { type: "run_started" };

/** A journal in which the run itself and others write. */
function journal() {
  const events: StoredEvent[] = [];
  const write = (event: RunEvent): StoredEvent => {
    const stored = { seq: events.length + 1, at: 0, event };
    events.push(stored);
    return stored;
  };
  return {
    own: () => write(OWN),
    send: (id: string) => write({ type: "message_sent", id, text: id, by: "a test", channel: "respond_to_run" }),
    listEvents: (_runId: string, { afterSeq, type }: { afterSeq: number; type?: string }) =>
      events.filter(({ seq, event }) => seq > afterSeq && (type === undefined || event.type === type)),
  };
}

it("gives what was sent since the last look, once", () => {
  const store = journal();
  const mailbox = createMailbox("run_1", store.own().seq, store);
  store.send("a");
  store.send("b");
  expect(mailbox.read().map(({ id }) => id)).toEqual(["a", "b"]);
  expect(mailbox.read()).toEqual([]);
  expect(mailbox.read()).toEqual([]);
});

it("gives a message once where the run has saved nothing between two looks, and something after them", () => {
  const store = journal();
  const mailbox = createMailbox("run_1", store.own().seq, store);
  store.send("a");
  expect(mailbox.read()).toHaveLength(1);
  expect(mailbox.read()).toEqual([]);
  mailbox.saved([store.own()]);
  expect(mailbox.read()).toEqual([]);
  store.send("b");
  expect(mailbox.read().map(({ id }) => id)).toEqual(["b"]);
});

it("gives what came before the run's own last events", () => {
  const store = journal();
  const mailbox = createMailbox("run_1", store.own().seq, store);
  store.send("a");
  mailbox.saved([store.own()]);
  expect(mailbox.read().map(({ id }) => id)).toEqual(["a"]);
});

it("has news when somebody else has written between the run's own events, until it is read", () => {
  const store = journal();
  const mailbox = createMailbox("run_1", store.own().seq, store);
  mailbox.saved([store.own(), store.own()]);
  expect(mailbox.hasNews).toBe(false);
  store.send("a");
  expect(mailbox.hasNews).toBe(false);
  mailbox.saved([store.own()]);
  expect(mailbox.hasNews).toBe(true);
  mailbox.saved([store.own()]);
  expect(mailbox.read().map(({ id }) => id)).toEqual(["a"]);
  expect(mailbox.hasNews).toBe(false);
});
