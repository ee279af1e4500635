/** Between a read of the store and its effect something else happens: the runner notices, and does nothing twice. */
import { setTimeout } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { StoreError } from "../../src/core/errors.js";
import type { ElicitReply } from "../../src/core/ports/host.js";
import type { RunStore } from "../../src/core/ports/run-store.js";
import type { Outcome } from "../../src/core/run/run.js";
import { eventually } from "../support/in-time.js";
import { EVERYTHING } from "../support/run-filter.js";
import { COMPLETES, NEVER, type OneRunner, type PlayModel, type Said, setRunners } from "../support/runner-bench.js";

const CANCELLED: Outcome = { status: "cancelled", result: null, error: { code: "cancelled", message: "stop" } };
const CALLER = {
  session: { id: "ses_other", clientName: null, clientVersion: null },
  signal: new AbortController().signal,
};
const typesOf = async (store: RunStore, id: string) =>
  (await store.listEvents(id, { afterSeq: 0 })).map(({ event }) => event.type);
const becomes = (store: RunStore, id: string, status: string) =>
  eventually(async () => expect(await store.statusOf(id)).toBe(status));

/** The run as it is once it has ended. */
async function ended({ runner, store }: OneRunner, id: string) {
  const { signal } = new AbortController();
  await runner.wait({ runIds: [id], mode: "all", milliseconds: 20_000, signal });
  const run = await store.getRun(id);
  if (!run) throw new Error(`there is no run ${id}`);
  return run;
}

describe("a run that is cancelled", () => {
  it("while its limits are read asks the model nothing", async () => {
    const one = await setRunners().openRunner({ costUsd: 0.1 });
    const limits = one.hold("spentIn", "after");
    const { id } = await one.start("a task", { max_cost_usd: 1 });
    await limits.reached();
    expect(await one.runner.end(id, CANCELLED)).toMatchObject({ ended: true });
    const later = await one.start("another task");
    limits.open();
    expect((await ended(one, later.id)).status).toBe("success");
    expect(one.asked).toEqual(["another task"]);
    expect((await typesOf(one.store, id)).at(-1)).toBe("run_finished");
  });

  it("while it is being claimed asks the model nothing", async () => {
    const runners = setRunners();
    const before = await runners.openRunner({ model: () => NEVER });
    const { id } = await before.start("a task");
    await becomes(before.store, id, "running");
    await before.runner.interruptAll("its host went away");
    const one = await runners.openRunner();
    const claim = one.hold("claimAll", "after");
    one.runner.recover();
    await claim.reached();
    expect(await one.runner.end(id, CANCELLED)).toMatchObject({ was: "running", ended: true });
    claim.open();
    const later = await one.start("another task");
    expect((await ended(one, later.id)).status).toBe("success");
    expect(one.asked).toEqual(["another task"]);
    expect(await one.store.statusOf(id)).toBe("cancelled");
  });

  it("while its child is being created cancels the child before it begins", async () => {
    const spawns: PlayModel = (task) =>
      task === "parent" ? { calls: [["spawn_agent", { prompt: "child" }]] } : COMPLETES;
    const one = await setRunners().openRunner({ model: spawns });
    const { id } = await one.start("parent");
    const creation = one.hold("createRun", "after");
    await creation.reached();
    expect(await one.runner.end(id, CANCELLED)).toMatchObject({ ended: true });
    creation.open();
    const later = await one.start("another task");
    await ended(one, later.id);
    const [child] = await one.store.listRuns({ ...EVERYTHING, parentRunId: id });
    expect(child).toMatchObject({ status: "cancelled" });
    expect(one.asked).not.toContain("child");
  });
});

it("two spawns at once at the limit of 20 children start one child", async () => {
  const child = ["spawn_agent", { prompt: "child" }] as const;
  let spawnTwo = () => {};
  const held = new Promise<void>((resolve) => (spawnTwo = resolve));
  let answers = "";
  const one = await setRunners().openRunner({
    model(task, turn, { messages }) {
      if (task !== "parent") return NEVER;
      if (turn === 1) return { calls: Array(19).fill(child) };
      if (turn === 2) return held.then(() => ({ calls: [child, child] }));
      answers = JSON.stringify(messages.at(-1));
      return COMPLETES;
    },
  });
  const { id } = await one.start("parent");
  await eventually(
    async () => expect(await one.store.listRuns({ ...EVERYTHING, parentRunId: id })).toHaveLength(19),
    20_000,
  );
  const keys = one.hold("findRun", "after");
  spawnTwo();
  await keys.reached(2);
  keys.open();
  expect(await ended(one, id)).toMatchObject({ status: "success" });
  expect(await one.store.listRuns({ ...EVERYTHING, parentRunId: id })).toHaveLength(20);
  expect(answers).toContain("20 of your runs are alive");
});

it("a child that was being created as its parent's time ran out is found when the resumed parent waits for all", async () => {
  const answers: string[] = [];
  const one = await setRunners().openRunner({
    model(task, turn, { messages }) {
      if (task === "child") return COMPLETES;
      answers.push(JSON.stringify(messages.findLast(({ role }) => role === "tool")));
      const spawn = ["spawn_agent", { prompt: "child" }] as const;
      return turn === 1 ? { calls: [spawn] } : turn === 2 ? { calls: [["wait_for_runs", {}]] } : COMPLETES;
    },
  });
  const { id } = await one.start("parent", { timeout_seconds: 1 });
  const creation = one.hold("createRun", "after");
  await creation.reached();
  await setTimeout(1_100); // the parent's time is up
  creation.open();
  await becomes(one.store, id, "timeout");
  const [child] = await one.store.listRuns({ ...EVERYTHING, parentRunId: id });
  const parent = await one.store.getRun(id);
  if (!parent || !child) throw new Error("the parent and its child are not there");
  await one.runner.resume(parent, { more_seconds: 60 }, CALLER);
  expect(await ended(one, id)).toMatchObject({ status: "success" });
  expect(answers.at(-1)).toContain(child.id);
  expect(answers.at(-1)).toContain("parent_ended");
});

describe("a wait", () => {
  it("is over at once where the run ends while the wait registers", async () => {
    let finish = (_said: Said) => {};
    const one = await setRunners().openRunner({ model: () => new Promise((resolve) => (finish = resolve)) });
    const { id } = await one.start("a task");
    await eventually(() => expect(one.asked).toHaveLength(1));
    const look = one.hold("getRuns", "after");
    const { signal } = new AbortController();
    const waiting = one.runner.wait({ runIds: [id], mode: "all", milliseconds: 25_000, signal });
    await look.reached();
    finish(COMPLETES);
    await becomes(one.store, id, "success");
    look.open();
    const before = performance.now();
    expect(await waiting).toMatchObject([{ id, status: "success" }]);
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  it("of a parent is over where its child ends while the wait registers", async () => {
    let finish = (_said: Said) => {};
    const one = await setRunners().openRunner({
      model(task, turn) {
        if (task === "child") return new Promise((resolve) => (finish = resolve));
        if (turn === 1) return { calls: [["spawn_agent", { prompt: "child" }]] };
        return turn === 2 ? { calls: [["wait_for_runs", { wait_seconds: 100 }]] } : COMPLETES;
      },
    });
    const look = one.hold("getRuns", "after");
    const { id } = await one.start("parent");
    await look.reached();
    await eventually(() => expect(one.asked).toContain("child"));
    const [child] = await one.store.listRuns({ ...EVERYTHING, parentRunId: id });
    finish(COMPLETES);
    await becomes(one.store, child?.id ?? "", "success");
    look.open();
    expect((await ended(one, id)).status).toBe("success");
  });

  it("continues where one look at the store fails", async () => {
    let finish = (_said: Said) => {};
    const one = await setRunners().openRunner({ model: () => new Promise((resolve) => (finish = resolve)) });
    const { id } = await one.start("a task");
    await eventually(() => expect(one.asked).toHaveLength(1));
    one.failNext("statusOf", new StoreError("the database is not there"));
    const { signal } = new AbortController();
    const waiting = one.runner.wait({ runIds: [id], mode: "all", milliseconds: 25_000, signal });
    finish(COMPLETES);
    expect(await waiting).toMatchObject([{ id, status: "success" }]);
  });
});

describe("a question", () => {
  const asks: PlayModel = (_task, turn) => (turn === 1 ? { calls: [["ask", { question: "which?" }]] } : COMPLETES);
  const answer = { questionId: null, approve: null, text: "this one", comment: null, message: null };
  const author = { by: "a test", channel: "respond_to_run" } as const;

  it("that is answered while the host's form is being prepared is put to nobody", async () => {
    const elicit = vi.fn(
      async (): Promise<ElicitReply> => ({ action: "accept", by: "a person", content: { answer: "too late" } }),
    );
    const one = await setRunners().openRunner({ model: asks, elicit });
    const read = one.hold("getRun", "after");
    const { id } = await one.start("a task");
    await read.reached();
    const run = (await one.store.getRuns([id]))[0];
    if (!run) throw new Error("no run");
    await one.runner.respond(run, answer, author);
    one.runner.recover();
    read.open();
    expect(await ended(one, id)).toMatchObject({ status: "success" });
    expect(elicit).not.toHaveBeenCalled();
    const answered = await one.store.listEvents(id, { afterSeq: 0, type: "question_answered" });
    expect(answered.map(({ event }) => event)).toMatchObject([{ text: "this one" }]);
  });

  it("that is answered while the form is shown takes the form away, and counts once", async () => {
    const shown = vi.fn();
    const one = await setRunners().openRunner({
      model: asks,
      elicit: (_request, signal) =>
        new Promise((resolve) => {
          shown();
          signal.addEventListener("abort", () =>
            resolve({ action: "accept", by: "a person", content: { answer: "too late" } }),
          );
        }),
    });
    one.runner.recover();
    const { id } = await one.start("a task");
    await eventually(() => expect(shown).toHaveBeenCalled());
    const run = await one.store.getRun(id);
    if (!run) throw new Error("no run");
    const writes = one.hold("answer", "after");
    const both = Promise.allSettled([one.runner.respond(run, answer, author), one.runner.respond(run, answer, author)]);
    await writes.reached(2);
    writes.open();
    expect((await both).map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(await ended(one, id)).toMatchObject({ status: "success" });
    const answered = await one.store.listEvents(id, { afterSeq: 0, type: "question_answered" });
    expect(answered.map(({ event }) => event)).toMatchObject([{ text: "this one" }]);
  });
});

describe("a run that nobody owns", () => {
  async function interruptedRun(runners: ReturnType<typeof setRunners>) {
    const before = await runners.openRunner({ model: () => NEVER });
    const { id } = await before.start("a task");
    await becomes(before.store, id, "running");
    await before.runner.interruptAll("its host went away");
    return id;
  }

  it.each(["listUnowned", "lastEvents", "claimAll"] as const)(
    "is worked on by one process where another claims it while this one waits for %s",
    async (verb) => {
      const runners = setRunners();
      const id = await interruptedRun(runners);
      const [slow, quick] = [
        await runners.openRunner({ model: () => NEVER }),
        await runners.openRunner({ model: () => NEVER }),
      ];
      const read = slow.hold(verb, verb === "claimAll" ? "before" : "after");
      slow.runner.recover();
      await read.reached();
      quick.runner.recover();
      await eventually(() => expect(quick.asked).toEqual(["a task"]));
      read.open();
      const later = await slow.start("another task");
      await eventually(() => expect(slow.asked).toContain("another task"));
      expect(slow.asked).toEqual(["another task"]);
      expect(await slow.store.statusOf(id)).toBe("running");
      expect((await typesOf(slow.store, id)).filter((type) => type === "run_resumed")).toHaveLength(1);
      expect(await slow.store.statusOf(later.id)).toBe("running");
    },
  );

  it("is worked on by one of two processes that reopen it at once", async () => {
    const runners = setRunners();
    const id = await interruptedRun(runners);
    const both = [await runners.openRunner({ model: () => NEVER }), await runners.openRunner({ model: () => NEVER })];
    const run = await both[0]?.store.getRun(id);
    if (!run) throw new Error("no run");
    const gates = both.map((one) => one.hold("reopen", "before"));
    const resuming = Promise.allSettled(both.map(({ runner }) => runner.resume(run, {}, CALLER)));
    for (const each of gates) await each.reached();
    for (const each of gates) each.open();
    expect((await resuming).map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    await eventually(() => expect(both.flatMap(({ asked }) => asked)).toEqual(["a task"]));
  });

  it("is interrupted again where its journal cannot be read after it was reopened", async () => {
    const runners = setRunners();
    const one = await runners.openRunner({ model: () => COMPLETES });
    const first = await one.start("a task");
    const source = await ended(one, first.id);
    const creation = one.hold("createRun", "after");
    const resuming = one.runner.resume(source, { message: "go on" }, CALLER);
    await creation.reached();
    one.failNext("listEvents", new StoreError("the database is not there"));
    creation.open();
    await expect(resuming).rejects.toThrow(StoreError);
    const continuing = (await one.store.listRuns(EVERYTHING)).filter(({ id }) => id !== first.id);
    expect(continuing.map(({ status }) => status)).toEqual(["interrupted"]);
  });
});

describe("the exit of a process", () => {
  it.each(["before", "after"] as const)(
    "while a run is being created (%s its commit) leaves none at work",
    async (where) => {
      const one = await setRunners().openRunner();
      const creation = one.hold("createRun", where);
      const starting = one.start("a task");
      await creation.reached();
      await one.runner.interruptAll("legwork was ended by SIGTERM");
      creation.open();
      await starting.catch(() => {});
      const statuses = (await one.store.listRuns(EVERYTHING)).map(({ status }) => status);
      expect(statuses).toEqual(where === "before" ? [] : ["interrupted"]);
      if (where === "before") await expect(starting).rejects.toMatchObject({ code: "shutting_down" });
      expect(one.asked).toEqual([]);
    },
  );

  it.each(["claimAll", "reopen"] as const)("while a run is being taken by %s leaves it interrupted", async (verb) => {
    const runners = setRunners();
    const before = await runners.openRunner({ model: () => NEVER });
    const { id } = await before.start("a task");
    await becomes(before.store, id, "running");
    await before.runner.interruptAll("its host went away");
    const one = await runners.openRunner();
    const claim = one.hold(verb, "after");
    const run = await one.store.getRun(id);
    if (!run) throw new Error("no run");
    const resuming = verb === "reopen" ? one.runner.resume(run, {}, CALLER) : null;
    if (resuming === null) one.runner.recover();
    await claim.reached();
    expect(await one.store.statusOf(id)).toBe("running");
    await one.runner.interruptAll("legwork was ended by SIGTERM");
    claim.open();
    await resuming;
    await becomes(one.store, id, "interrupted");
    expect(one.asked).toEqual([]);
  });
});

describe("a process that lost a run", () => {
  it("and claimed it anew keeps the new work where the old work ends later", async () => {
    const runners = setRunners();
    let finishOld = (_said: Said) => {};
    const one = await runners.openRunner({
      model: () => (one.asked.length === 1 ? new Promise((resolve) => (finishOld = resolve)) : NEVER),
    });
    const other = await runners.openRunner();
    const { id, epoch } = await one.start("a task");
    await eventually(() => expect(one.asked).toHaveLength(1));
    const looks = one.hold("stillOwned", "after"); // nothing tells the old work that its lease is lost
    await other.store.interruptAll([{ runId: id, epoch }], "its process stood still", { withinMs: 1_000 });
    await looks.reached();
    const run = await one.store.getRun(id);
    if (!run) throw new Error("no run");
    await one.runner.resume(run, {}, CALLER);
    await eventually(() => expect(one.asked).toHaveLength(2));
    finishOld(COMPLETES);
    looks.open();
    const later = await one.start("another task");
    await eventually(() => expect(one.asked).toContain("another task"));
    expect(await one.store.statusOf(id)).toBe("running");
    await one.runner.interruptAll("legwork was ended by SIGTERM"); // it knows of both of its runs
    expect(await one.store.statusOf(id)).toBe("interrupted");
    expect(await one.store.statusOf(later.id)).toBe("interrupted");
  });
});

it("two children whose budgets are read at once overspend by one request together", async () => {
  let goOn = () => {};
  const bothAsked = new Promise<void>((resolve) => (goOn = resolve));
  const one = await setRunners().openRunner({
    costUsd: 1,
    async model(task, turn) {
      if (task === "parent") {
        const spawns = ["child a", "child b"].map((prompt) => ["spawn_agent", { prompt }] as const);
        return turn === 1 ? { calls: spawns } : { calls: [["wait_for_runs", {}]] };
      }
      if (turn === 1) await bothAsked;
      return { calls: [["read_result", { id: "1.0", offset: 0 }]] };
    },
  });
  const { id } = await one.start("parent", { max_cost_usd: 4.5 });
  await eventually(() => expect(one.asked).toHaveLength(4));
  const budgets = one.hold("spentIn", "after");
  goOn();
  await budgets.reached(2); // both read that 4 of 4.5 USD are spent
  budgets.open();
  await ended(one, id);
  const askedIn = (task: string) => one.asked.filter((each) => each === task).length;
  // The limit has room for none of the two any more, and for one last reply.
  expect([askedIn("child a"), askedIn("child b")].toSorted()).toEqual([1, 2]);
});
