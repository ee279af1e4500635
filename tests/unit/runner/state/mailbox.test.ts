/** A run's mailbox: each message is read once, however the run's own events lie around it. */
import { expect, it } from "vitest";
import type { RunEvent, StoredEvent } from "../../../../src/core/journal/event.js";
import { createMailbox, type Mailbox } from "../../../../src/runner/state/mailbox.js";

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
    listEvents: async (_runId: string, { afterSeq, type }: { afterSeq: number; type?: string }) =>
      events.filter(({ seq, event }) => seq > afterSeq && (type === undefined || event.type === type)),
  };
}

const idsIn = async (mailbox: Mailbox) => (await mailbox.read()).map(({ id }) => id);

it("returns the messages since the last read, once", async () => {
  const store = journal();
  const mailbox = createMailbox("run_1", store.own().seq, store);
  store.send("a");
  store.send("b");
  expect(await idsIn(mailbox)).toEqual(["a", "b"]);
  expect(await mailbox.read()).toEqual([]);
  expect(await mailbox.read()).toEqual([]);
});

it("gives a message once where the run has saved nothing between two looks, and something after them", async () => {
  const store = journal();
  const mailbox = createMailbox("run_1", store.own().seq, store);
  store.send("a");
  expect(await mailbox.read()).toHaveLength(1);
  expect(await mailbox.read()).toEqual([]);
  mailbox.saved([store.own()]);
  expect(await mailbox.read()).toEqual([]);
  store.send("b");
  expect(await idsIn(mailbox)).toEqual(["b"]);
});

it("returns messages from before the run's own last events", async () => {
  const store = journal();
  const mailbox = createMailbox("run_1", store.own().seq, store);
  store.send("a");
  mailbox.saved([store.own()]);
  expect(await idsIn(mailbox)).toEqual(["a"]);
});

it("has news when another process has written between the run's own events, until it is read", async () => {
  const store = journal();
  const mailbox = createMailbox("run_1", store.own().seq, store);
  mailbox.saved([store.own(), store.own()]);
  expect(mailbox.hasNews).toBe(false);
  store.send("a");
  expect(mailbox.hasNews).toBe(false);
  mailbox.saved([store.own()]);
  expect(mailbox.hasNews).toBe(true);
  mailbox.saved([store.own()]);
  expect(await idsIn(mailbox)).toEqual(["a"]);
  expect(mailbox.hasNews).toBe(false);
});

/** Reads that wait until they are let go on; each sees the journal as it is `before` or `after` the wait. */
function slowReads(store: ReturnType<typeof journal>, sees: "before" | "after") {
  let goOn = () => {};
  const waited = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const listEvents: (typeof store)["listEvents"] = async (runId, query) => {
    const early = await store.listEvents(runId, query);
    await waited;
    return sees === "before" ? early : await store.listEvents(runId, query);
  };
  return { listEvents, goOn };
}

it.each(["before", "after"] as const)(
  "gives each message once where the run saves while a read waits that sees the journal %s it",
  async (sees) => {
    const store = journal();
    const slow = slowReads(store, sees);
    const mailbox = createMailbox("run_1", store.own().seq, slow);
    store.send("a");
    const first = idsIn(mailbox);
    mailbox.saved([store.own()]);
    store.send("b");
    mailbox.saved([store.own()]);
    slow.goOn();
    const read = [...(await first)];
    expect(read).toEqual(sees === "before" ? ["a"] : ["a", "b"]);
    if (sees === "before") expect(mailbox.hasNews).toBe(true);
    read.push(...(await idsIn(mailbox)));
    store.send("c");
    mailbox.saved([store.own()]);
    expect(mailbox.hasNews).toBe(true);
    read.push(...(await idsIn(mailbox)), ...(await idsIn(mailbox)));
    expect(read).toEqual(["a", "b", "c"]);
  },
);
