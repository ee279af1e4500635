/** Answers to waiting runs: what is refused, what waiting costs, and how it can end. */

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { leaveUnanswered, letExpire, questionOf, respond, settled } from "../support/people.js";
import { calls, completes, eventsOf, type Led, shareStage, tell } from "../support/workflows.js";

const stage = shareStage("limits: { max_concurrent_runs: 1 }");

const asks = (more: object = {}) => calls(["ask", { question: "Which?", ...more }]);
const leadAsking = (args: object = {}, ...more: Parameters<typeof stage.lead>[0]["replies"]) =>
  stage.lead({ workflow: null, replies: [asks(), ...more, { text: "Done." }], args: { tools: ["*"], ...args } });
const CAREFUL = {
  steps: [{ name: "work", rules: [{ name: "ask", when: 'tool == "effects__add_line"', action: "require_approval" }] }],
};
const leadApproval = () =>
  stage.lead({
    workflow: CAREFUL,
    replies: [calls(["effects__add_line", { text: "never approved" }]), completes()],
    args: { tools: ["*"] },
  });

/** What is refused says one sentence and writes nothing. */
async function refused(led: Led, said: object): Promise<string> {
  const { run_id } = led.run;
  const before = await tell(stage.host, led.run);
  const { isError, structured } = await stage.host.call("respond_to_run", { run_id, ...said });
  expect(isError).toBe(true);
  expect((await tell(stage.host, led.run)).events).toEqual(before.events);
  return structured.error.message;
}

describe("one sentence, and nothing is written", () => {
  it("for what is said to a question", async () => {
    const led = await leadAsking();
    const id = led.run.run_id;
    expect(await refused(led, {})).toBe("say approve, answer or message");
    expect(await refused(led, { remark: "hm" })).toBe("remark goes along with approve or answer");
    expect(await refused(led, { answer: "a", message: "b" })).toBe("message goes alone: it answers no question");
    expect(await refused(led, { approve: true })).toBe(
      `${id} asks a question (q1), not for an approval: give the answer as text`,
    );
    expect(await refused(led, { answer: "  \n" })).toBe(`${id} asks a question (q1): give the answer as text`);
    expect(await refused(led, { answer: "a", question_id: "q2" })).toBe(`${id} waits for an answer to q1, not to q2`);
    expect(await refused(led, { answer: "x".repeat(20_001) })).toBe(
      "the answer has 20001 characters: 20000 are the most",
    );
    expect(await refused(led, { answer: "a", remark: "x".repeat(20_001) })).toContain("the remark has 20001");
    expect(await refused(led, { message: " " })).toBe("the message is empty: say something in it");
    expect((await respond(stage, led, { answer: "a", question_id: "q1" })).run.status).toBe("success");
  });

  it("for what is said to an approval", async () => {
    const led = await leadApproval();
    const id = led.run.run_id;
    expect(await refused(led, { answer: "yes" })).toBe(`${id} asks for an approval (q1): say yes or no with approve`);
    expect(await refused(led, { approve: true, answer: "yes" })).toBe(
      `${id} asks for an approval (q1), which takes no answer: say the rest in remark`,
    );
    await respond(stage, led, { approve: false });
  });

  it("for a run that waits for nothing, an answer that comes twice, and one of an earlier question", async () => {
    const never = await stage.lead({ workflow: null, replies: [{ text: "Done." }] });
    expect(await refused(never, { answer: "a" })).toBe(`${never.run.run_id} waits for no answer: it is success`);
    const led = await leadAsking({}, asks());
    const second = await respond(stage, led, { answer: "first" });
    expect(questionOf(second).id).toBe("q2");
    expect(await refused(second, { answer: "first", question_id: "q1" })).toBe(
      `${led.run.run_id} waits for an answer to q2, not to q1`,
    );
    const ended = await respond(stage, second, { answer: "second" });
    expect(await refused(ended, { answer: "again", question_id: "q2" })).toBe(
      `${led.run.run_id} has its answer to q2 already, by test-host`,
    );
    const unknown = await stage.host.call("respond_to_run", { run_id: "run_x", answer: "a" });
    expect(unknown.structured.error.message).toContain("run_x");
  });

  it("for an answer after the time limit: the time limit has answered", async () => {
    const led = await leadApproval();
    letExpire(stage.bench, led.run.run_id);
    const { isError, structured } = await stage.host.call("respond_to_run", { run_id: led.run.run_id, approve: true });
    expect(isError).toBe(true);
    expect(structured.error.message).toBe(`${led.run.run_id} was not answered in time: q1 counts as denied`);
    const after = await tell(stage.host, await settled(stage.host, led.run.run_id));
    expect(stage.effects()).not.toContain("never approved");
    expect(eventsOf(after, "question_answered")).toMatchObject([{ approved: false, door: "nobody" }]);
    const asking = await leaveUnanswered(stage, await leadAsking());
    expect(await refused(asking, { answer: "a", question_id: "q1" })).toBe(
      `${asking.run.run_id} was not answered in time: q1 counts as not answered`,
    );
  });

  it("for an agent that would answer itself", async () => {
    const led = await stage.lead({
      workflow: null,
      replies: [calls(["respond_to_run", { run_id: "run_x", approve: true }]), { text: "Done." }],
      args: { tools: ["*"] },
    });
    expect(led.said).toContain("respond_to_run: respond_to_run is not allowed: there is no such tool");
  });

  it("for resume_run, which is no answer", async () => {
    const led = await leadAsking();
    const { structured } = await stage.host.call("resume_run", { run_id: led.run.run_id, message: "a" });
    expect(structured.error.message).toBe(`${led.run.run_id} waits for an answer: respond_to_run gives it`);
    await respond(stage, led, { answer: "a" });
  });
});

it("a waiting run uses no slot", async () => {
  const waiting = await leadAsking();
  const other = await stage.lead({ workflow: null, replies: [{ text: "In between." }] });
  expect(other.run).toMatchObject({ status: "success", result: "In between." });
  expect((await respond(stage, waiting, { answer: "a" })).run.status).toBe("success");
});

it("the time in which it waits does not count against timeout_seconds", async () => {
  const led = await leadAsking({ timeout_seconds: 600 });
  const database = openSqlite(join(stage.bench.home, "legwork.db"));
  database.prepare("UPDATE run_events SET at = at - 3600000 WHERE run_id = ?").run(led.run.run_id);
  database.close();
  expect((await respond(stage, led, { answer: "after an hour" })).run).toMatchObject({ status: "success" });
});

it("a waiting run can be cancelled and completed, and takes no answer then", async () => {
  const cancelled = await leadAsking();
  const cancel = await stage.host.call("cancel_run", { run_id: cancelled.run.run_id });
  expect(cancel.structured).toMatchObject({ was: "waiting", status: "cancelled" });
  expect(cancel.structured).not.toHaveProperty("question");
  expect(await refused(cancelled, { answer: "a" })).toBe(
    `${cancelled.run.run_id} waits for no answer: it is cancelled`,
  );
  expect(await refused(cancelled, { message: "a" })).toBe(
    `${cancelled.run.run_id} is cancelled, and its agent reads nothing more: start a new run`,
  );
  const completed = await leadAsking();
  const outcome = { run_id: completed.run.run_id, result: "by hand", status: "success" };
  expect((await stage.host.call("complete", outcome)).structured).toMatchObject({ was: "waiting", status: "success" });
  expect(await refused(completed, { answer: "a" })).toBe(`${completed.run.run_id} waits for no answer: it is success`);
});
