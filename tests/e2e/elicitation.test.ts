/** Questions of runs at a host that can ask its person. */
import { beforeEach, expect, it } from "vitest";
import type { Asked, HostOptions } from "../support/host.js";
import { until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { questionOf, respond, settled } from "../support/people.js";
import { calls, completes, eventsOf, shareSandbox, tell } from "../support/workflows.js";

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

/** Leads a run whose question the host's person settles. */
async function leadTo(status: string, leading: Parameters<typeof sandbox.lead>[0]) {
  const { run } = await sandbox.lead(leading);
  await until(async () => (await settled(sandbox.host, run.run_id)).status === status);
  return await tell(sandbox.host, await settled(sandbox.host, run.run_id));
}

it("the host shows an approval as a form with a yes or no and a comment", async () => {
  person = () => ({ action: "accept", content: { approve: true, comment: "Just this once." } });
  const led = await leadTo("success", adds("approved at the host"));
  expect(asked).toHaveLength(1);
  expect(asked[0]?.message).toEqual(naming('"play"', "effects__add_line", '{"text":"approved'));
  expect(Object.keys(asked[0]?.form.properties ?? {})).toEqual(["approve", "comment"]);
  expect(sandbox.effects()).toContain("approved at the host");
  expect(eventsOf(led, "question_answered")).toMatchObject([
    { approved: true, comment: "Just this once.", by: "the person at the host", channel: "elicitation" },
  ]);
});

it.each([
  ["says no", { action: "accept", content: { approve: false } }],
  ["declines", { action: "decline" }],
] as const)("a person who %s has denied", async (_what, answer) => {
  person = () => ({ ...answer });
  const led = await leadTo("success", adds("denied at the host"));
  expect(sandbox.effects()).not.toContain("denied at the host");
  expect(eventsOf(led, "question_answered")).toMatchObject([{ approved: false, channel: "elicitation" }]);
});

it("the host shows a question as a form with its options", async () => {
  person = () => ({ action: "accept", content: { answer: "b" } });
  const led = await leadTo("success", asks);
  expect(asked[0]?.form.properties.answer).toMatchObject({ enum: ["a", "b"] });
  expect(led.said).toContain("ask: b");
});

it.each([
  ["cancels", () => ({ action: "cancel" })],
  ["declines to answer a question", () => ({ action: "decline" })],
  ["gives an invalid answer", () => ({ action: "accept", content: { answer: "c" } })],
  ["fails", () => Promise.reject(new Error("no window"))],
] as readonly (readonly [string, Person])[])(
  "where the host %s the run keeps waiting, and respond_to_run can answer",
  async (_what, behaviour) => {
    person = behaviour;
    const led = await sandbox.lead(asks);
    await until(() => asked.length === 1);
    const after = await respond(sandbox, led, { answer: "a" });
    expect(after.run.status).toBe("success");
    expect(eventsOf(after, "question_answered")).toMatchObject([{ text: "a", channel: "respond_to_run" }]);
  },
);

it("the form is withdrawn when respond_to_run has answered", async () => {
  person = () => new Promise(() => {}); // some hosts never answer
  const led = await sandbox.lead(asks);
  expect(questionOf(led).id).toBe("q1");
  await until(() => asked.length === 1);
  expect(asked[0]?.withdrawn.aborted).toBe(false);
  expect((await respond(sandbox, led, { answer: "a" })).run.status).toBe("success");
  await until(() => asked[0]?.withdrawn.aborted);
});

it("the form is withdrawn when the run is cancelled", async () => {
  person = () => new Promise(() => {});
  const led = await sandbox.lead(asks);
  await until(() => asked.length === 1);
  await sandbox.host.call("cancel_run", { run_id: led.run.run_id });
  await until(() => asked[0]?.withdrawn.aborted);
  expect((await settled(sandbox.host, led.run.run_id)).status).toBe("cancelled");
});
