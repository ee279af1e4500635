/** Questions of runs at a host that can ask its person. */
import { beforeEach, expect, it } from "vitest";
import type { Asked, HostOptions } from "../support/host.js";
import { until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { questionOf, respond, settled } from "../support/people.js";
import { calls, completes, eventsOf, shareSandbox } from "../support/workflows.js";

type Person = NonNullable<HostOptions["elicit"]>;

let person: Person = () => ({ action: "cancel" });
let asked: (Asked & { readonly message: string })[] = [];
const sandbox = shareSandbox("", {
  elicit(message, form) {
    asked.push({ message, ...form });
    return person(message, form);
  },
});
beforeEach(() => {
  asked = [];
});

const CAREFUL = {
  steps: [{ name: "work", rules: [{ name: "ask", when: 'tool == "effects__add_line"', action: "require_approval" }] }],
};
const adds = (text: string) => ({
  workflow: CAREFUL,
  replies: [calls(["effects__add_line", { text }]), completes()],
  args: { tools: ["*"] },
});
const asks = {
  workflow: null,
  replies: [calls(["ask", { question: "Which?", options: ["a", "b"] }]), { text: "Thanks." }],
};

/** Leads a run to its question, without waiting for the person at the host. */
async function leadAsking(leading: Parameters<typeof sandbox.lead>[0]) {
  const led = await sandbox.lead({ ...leading, args: { ...leading.args, wait_seconds: 0 } });
  await until(() => asked.length === 1);
  return led;
}

const CLIENT = "test-host"; // as the host names itself

it("the first form of a process, too, is withdrawn when respond_to_run has answered", async () => {
  person = () => new Promise(() => {}); // some hosts never answer
  const led = await leadAsking(asks);
  expect(asked[0]?.withdrawn.aborted).toBe(false);
  expect((await respond(sandbox, led, { answer: "a" })).run.status).toBe("success");
  await until(() => asked[0]?.withdrawn.aborted);
});

it("the host shows an approval as a form with a yes or no and a comment", async () => {
  person = () => ({ action: "accept", content: { approve: true, comment: "Just this once." } });
  const led = await sandbox.lead(adds("approved at the host"));
  expect(led.run.status).toBe("success"); // the call stayed open with the form
  expect(asked).toHaveLength(1);
  expect(asked[0]?.message).toEqual(naming('"play"', "effects__add_line", '{"text":"approved'));
  expect(Object.keys(asked[0]?.form.properties ?? {})).toEqual(["approve", "comment"]);
  expect(sandbox.effects()).toContain("approved at the host");
  expect(eventsOf(led, "question_answered")).toMatchObject([
    { approved: true, comment: "Just this once.", by: CLIENT, channel: "elicitation" },
  ]);
});

it("a person who says no has denied", async () => {
  person = () => ({ action: "accept", content: { approve: false } });
  const led = await sandbox.lead(adds("denied at the host"));
  expect(led.run.status).toBe("success");
  expect(sandbox.effects()).not.toContain("denied at the host");
  expect(eventsOf(led, "question_answered")).toMatchObject([{ approved: false, by: CLIENT, channel: "elicitation" }]);
});

it.each(["decline", "cancel"] as const)("a host that answers %s by itself leaves an approval open", async (action) => {
  person = () => ({ action });
  const led = await sandbox.lead(adds(`${action} at the host`));
  expect(questionOf(led)).toMatchObject({ id: "q1", kind: "approval" });
  expect(led.run.next).toContain("respond_to_run");
  expect(eventsOf(led, "question_answered")).toEqual([]);
  expect(asked).toHaveLength(1);
  const after = await respond(sandbox, led, { approve: true });
  expect(sandbox.effects()).toContain(`${action} at the host`);
  expect(eventsOf(after, "question_answered")).toMatchObject([{ approved: true, channel: "respond_to_run" }]);
});

it("spawn_agent and wait_for_runs stay open while a form is, and end with it", async () => {
  let close = () => {};
  person = () =>
    new Promise((settle) => {
      close = () => settle({ action: "cancel" });
    });
  const led = await leadAsking(asks);
  const { run_id } = led.run;
  const short = (await sandbox.host.call("wait_for_runs", { run_ids: [run_id], wait_seconds: 0.3 })).structured;
  expect(short).toMatchObject({ pending: [run_id], runs: [{ status: "waiting" }] });
  expect(short.runs[0]?.next).toEqual(naming("form", "wait_for_runs"));
  const waits = sandbox.host.call("wait_for_runs", { run_ids: [run_id], wait_seconds: 40 });
  close();
  const { pending, runs } = (await waits).structured;
  expect(pending).toEqual([]);
  expect(runs).toMatchObject([{ status: "waiting", question: { id: "q1" } }]);
  expect(runs[0]?.next).toContain("respond_to_run");
  await respond(sandbox, led, { answer: "a" });
});

it("the host shows a question as a form with its options", async () => {
  person = () => ({ action: "accept", content: { answer: "b" } });
  const led = await sandbox.lead(asks);
  expect(asked[0]?.form.properties.answer).toMatchObject({ enum: ["a", "b"] });
  expect(led.said).toContain("ask: b");
});

it.each([
  ["cancels", () => ({ action: "cancel" })],
  ["declines to answer a question", () => ({ action: "decline" })],
  ["gives an invalid answer", () => ({ action: "accept", content: { answer: "c" } })],
  ["accepts without an answer", () => ({ action: "accept" })],
  ["fails", () => Promise.reject(new Error("no window"))],
] as readonly (readonly [string, Person])[])(
  "where the host %s the run keeps waiting, and respond_to_run can answer",
  async (_what, behaviour) => {
    person = behaviour;
    const led = await sandbox.lead(asks);
    expect(asked).toHaveLength(1);
    const after = await respond(sandbox, led, { answer: "a" });
    expect(after.run.status).toBe("success");
    expect(eventsOf(after, "question_answered")).toMatchObject([{ text: "a", channel: "respond_to_run" }]);
  },
);

it("the form is withdrawn when the run is cancelled", async () => {
  person = () => new Promise(() => {});
  const led = await leadAsking(asks);
  await sandbox.host.call("cancel_run", { run_id: led.run.run_id });
  await until(() => asked[0]?.withdrawn.aborted);
  expect((await settled(sandbox.host, led.run.run_id)).status).toBe("cancelled");
});
