/** Answers to waiting runs: what is refused, what waiting costs, and how it can end. */

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { type Fact, naming } from "../support/naming.js";
import { leaveUnanswered, letExpire, questionOf, respond, settled } from "../support/people.js";
import { calls, completes, eventsOf, type Led, shareSandbox, tell } from "../support/workflows.js";

const sandbox = shareSandbox("limits: { max_concurrent_runs: 1 }");

const asks = (more: object = {}) => calls(["ask", { question: "Which?", ...more }]);
const leadAsking = (args: object = {}, ...more: Parameters<typeof sandbox.lead>[0]["replies"]) =>
  sandbox.lead({ workflow: null, replies: [asks(), ...more, { text: "Done." }], args: { tools: ["*"], ...args } });
const CAREFUL = {
  steps: [{ name: "work", rules: [{ name: "ask", when: 'tool == "effects__add_line"', action: "require_approval" }] }],
};
const leadApproval = () =>
  sandbox.lead({
    workflow: CAREFUL,
    replies: [calls(["effects__add_line", { text: "never approved" }]), completes()],
    args: { tools: ["*"] },
  });

/** The error of an answer that has to be refused, which writes nothing. */
async function refused(led: Led, said: object) {
  const { run_id } = led.run;
  const before = await tell(sandbox.host, led.run);
  const { isError, structured } = await sandbox.host.call("respond_to_run", { run_id, ...said });
  expect(isError).toBe(true);
  expect((await tell(sandbox.host, led.run)).events).toEqual(before.events);
  return structured.error;
}

const invalid = (...facts: readonly Fact[]) => ({
  code: "invalid_arguments",
  message: naming(...facts),
});
const notAnswerable = (...facts: readonly Fact[]) => ({ code: "not_answerable", message: naming(...facts) });

describe("respond_to_run refuses in one sentence and writes nothing", () => {
  it("an argument that does not fit a question", async () => {
    const led = await leadAsking();
    const id = led.run.run_id;
    expect(await refused(led, {})).toMatchObject(invalid("approve", "answer", "message"));
    expect(await refused(led, { comment: "hm" })).toMatchObject(invalid("approve", "answer"));
    expect(await refused(led, { answer: "a", message: "b" })).toMatchObject(invalid("message"));
    expect(await refused(led, { approve: true })).toMatchObject(notAnswerable(id, "q1", "answer"));
    expect(await refused(led, { answer: "  \n" })).toMatchObject(notAnswerable(id, "q1", "answer"));
    expect(await refused(led, { answer: "a", question_id: "q2" })).toMatchObject(notAnswerable(id, "q1", "q2"));
    expect(await refused(led, { answer: "x".repeat(20_001) })).toMatchObject(invalid("answer", "20001", /\b20000\b/));
    expect(await refused(led, { answer: "a", comment: "x".repeat(20_001) })).toMatchObject(
      invalid("comment", "20001", /\b20000\b/),
    );
    expect(await refused(led, { message: " " })).toMatchObject(invalid("message"));
    expect((await respond(sandbox, led, { answer: "a", question_id: "q1" })).run.status).toBe("success");
  });

  it("an argument that does not fit an approval", async () => {
    const led = await leadApproval();
    const id = led.run.run_id;
    expect(await refused(led, { answer: "yes" })).toMatchObject(notAnswerable(id, "q1", "approve"));
    expect(await refused(led, { approve: true, answer: "yes" })).toMatchObject(notAnswerable(id, "q1", "answer"));
    await respond(sandbox, led, { approve: false });
  });

  it("an answer to a run without a question, a second answer, and an answer to an earlier question", async () => {
    const never = await sandbox.lead({ workflow: null, replies: [{ text: "Done." }] });
    expect(await refused(never, { answer: "a" })).toMatchObject(notAnswerable(never.run.run_id, "success"));
    const led = await leadAsking({}, asks());
    const second = await respond(sandbox, led, { answer: "first" });
    expect(questionOf(second).id).toBe("q2");
    expect(await refused(second, { answer: "first", question_id: "q1" })).toMatchObject(
      notAnswerable(led.run.run_id, "q2", "q1"),
    );
    const ended = await respond(sandbox, second, { answer: "second" });
    expect(await refused(ended, { answer: "again", question_id: "q2" })).toMatchObject(
      notAnswerable(led.run.run_id, "q2", "test-host"),
    );
    const unknown = await sandbox.host.call("respond_to_run", { run_id: "run_x", answer: "a" });
    expect(unknown.structured.error.message).toContain("run_x");
  });

  it("an answer after the time limit, which has answered already", async () => {
    const led = await leadApproval();
    letExpire(sandbox.bench, led.run.run_id);
    const { isError, structured } = await sandbox.host.call("respond_to_run", {
      run_id: led.run.run_id,
      approve: true,
    });
    expect(isError).toBe(true);
    expect(structured.error.message).toEqual(naming(led.run.run_id, "q1", "denied"));
    const after = await tell(sandbox.host, await settled(sandbox.host, led.run.run_id));
    expect(sandbox.effects()).not.toContain("never approved");
    expect(eventsOf(after, "question_answered")).toMatchObject([{ approved: false, channel: "nobody" }]);
    const asking = await leaveUnanswered(sandbox, await leadAsking());
    expect(await refused(asking, { answer: "a", question_id: "q1" })).toMatchObject(
      notAnswerable(asking.run.run_id, "q1"),
    );
  });

  it("an agent that calls it for itself", async () => {
    const led = await sandbox.lead({
      workflow: null,
      replies: [calls(["respond_to_run", { run_id: "run_x", approve: true }]), { text: "Done." }],
      args: { tools: ["*"] },
    });
    expect(eventsOf(led, "tool_call_refused")).toMatchObject([{ tool: "respond_to_run" }]);
  });

  it("and resume_run refuses to stand in for it", async () => {
    const led = await leadAsking();
    const { structured } = await sandbox.host.call("resume_run", { run_id: led.run.run_id, message: "a" });
    expect(structured.error.message).toEqual(naming(led.run.run_id, "respond_to_run"));
    await respond(sandbox, led, { answer: "a" });
  });
});

it("a waiting run uses no slot", async () => {
  const waiting = await leadAsking();
  const other = await sandbox.lead({ workflow: null, replies: [{ text: "In between." }] });
  expect(other.run).toMatchObject({ status: "success", result: "In between." });
  expect((await respond(sandbox, waiting, { answer: "a" })).run.status).toBe("success");
});

it("a wait for all ends with the question of one of its runs, and names the others as pending", async () => {
  const asking = await leadAsking();
  const slow = await sandbox.lead({
    workflow: null,
    replies: [{ text: "Late.", delay_ms: 600_000 }],
    args: { wait_seconds: 0 },
  });
  const run_ids = [slow.run.run_id, asking.run.run_id];
  const { structured } = await sandbox.host.call("wait_for_runs", { run_ids, wait_seconds: 50 });
  expect(structured.pending).toEqual([slow.run.run_id]);
  const found = { run_id: asking.run.run_id, status: "waiting", question: { id: "q1" } };
  expect(structured.runs).toContainEqual(
    expect.objectContaining({ ...found, question: expect.objectContaining(found.question) }),
  );
  await sandbox.host.call("cancel_run", { run_id: slow.run.run_id });
  await respond(sandbox, asking, { answer: "a" });
});

it("the time in which it waits does not count against timeout_seconds", async () => {
  const led = await leadAsking({ timeout_seconds: 600 });
  const database = openSqlite(join(sandbox.bench.home, "legwork.db"));
  database.prepare("UPDATE run_events SET at = at - 3600000 WHERE run_id = ?").run(led.run.run_id);
  database.close();
  expect((await respond(sandbox, led, { answer: "after an hour" })).run).toMatchObject({ status: "success" });
});

it("a waiting run can be cancelled and completed, and takes no answer then", async () => {
  const cancelled = await leadAsking();
  const cancel = await sandbox.host.call("cancel_run", { run_id: cancelled.run.run_id });
  expect(cancel.structured).toMatchObject({ was: "waiting", status: "cancelled" });
  expect(cancel.structured).not.toHaveProperty("question");
  expect(await refused(cancelled, { answer: "a" })).toMatchObject(notAnswerable(cancelled.run.run_id, "cancelled"));
  expect(await refused(cancelled, { message: "a" })).toMatchObject(notAnswerable(cancelled.run.run_id, "cancelled"));
  const completed = await leadAsking();
  const outcome = { run_id: completed.run.run_id, result: "by hand", status: "success" };
  expect((await sandbox.host.call("complete", outcome)).structured).toMatchObject({
    was: "waiting",
    status: "success",
  });
  expect(await refused(completed, { answer: "a" })).toMatchObject(notAnswerable(completed.run.run_id, "success"));
});
