/** Steps that are left only when a person has approved it: user_approval. */
import { expect, it } from "vitest";
import { naming } from "../support/naming.js";
import { leaveUnanswered, questionOf, respond } from "../support/people.js";
import { calls, completes, eventsOf, goes, type Led, shareSandbox, stepsOf } from "../support/workflows.js";

const sandbox = shareSandbox();
type Replies = Parameters<typeof sandbox.lead>[0]["replies"];

const APPROVAL = { type: "user_approval", prompt: "Is the plan good? {{ plan }}" };
const PLAN = { name: "plan", exit_conditions: [APPROVAL] };
const reads = calls(["effects__read_lines"]);

function lead(plan: object, replies: Replies, more: object = {}): Promise<Led> {
  const workflow = {
    variables: { plan: "First this, then that." },
    steps: [{ ...PLAN, ...plan }, { name: "do" }],
    ...more,
  };
  return sandbox.lead({ workflow, replies, args: { tools: ["*"] } });
}

/** How many messages the agent was given, beside its calls' answers. */
const messagesIn = ({ said }: Led) => said.filter((line) => line.startsWith("user: ")).length;

const BY_ITSELF = { transitions: [{ to: "do", when: 'tool_called("effects__read_lines")' }] };

it("a transition out of the step asks first, with the prompt filled in", async () => {
  const led = await lead(BY_ITSELF, [reads, completes()]);
  expect(questionOf(led)).toMatchObject({ kind: "approval", text: "Is the plan good? First this, then that." });
  expect(stepsOf(led)).toEqual(["plan"]);
  const after = await respond(sandbox, led, { approve: true });
  expect(after.run).toMatchObject({ status: "success", step: "do" });
  expect(stepsOf(after)).toEqual(["plan", "do"]);
  expect(messagesIn(after)).toBe(messagesIn(led) + 1); // that of the next step
});

it("a condition without a prompt asks with a question that names the step", async () => {
  const led = await lead({ exit_conditions: [{ type: "user_approval" }] }, [goes("do"), completes()]);
  expect(questionOf(led).text).toContain('"plan"');
});

it("an agent that requests the next step waits for a yes, and reads its comment", async () => {
  const led = await lead({}, [goes("do"), completes()]);
  const after = await respond(sandbox, led, { approve: true, comment: "Mind the tests." });
  expect(after.run).toMatchObject({ status: "success", step: "do" });
  expect(after.said).toContainEqual(naming(/^request_step: /, '"do"'));
  expect(after.said).toContainEqual(naming(/^user: /, "approved", '"plan"', "Mind the tests."));
});

it("complete asks first, and asks nobody where another condition is unmet anyway", async () => {
  const workflow = { steps: [{ name: "only", exit_conditions: [APPROVAL] }], variables: { plan: "this" } };
  const led = await sandbox.lead({ workflow, replies: [completes()], args: { tools: ["*"] } });
  expect(questionOf(led).text).toBe("Is the plan good? this");
  expect((await respond(sandbox, led, { approve: true })).run.status).toBe("success");

  const counted = { type: "action_count", min_count: 1 };
  const replies = [goes("do"), reads, goes("do"), completes()];
  const early = await lead({ exit_conditions: [APPROVAL, counted] }, replies);
  expect(early.said.find((said) => said.startsWith("request_step: "))).toEqual(naming(/\b0\b/, /\b1\b/));
  expect(eventsOf(early, "question_asked")).toHaveLength(1); // when the call was made
});

it("after a denial the agent stays and learns why; a person is asked again only after its next call", async () => {
  const led = await lead(BY_ITSELF, [reads, calls(["ask", { question: "What is wrong?" }]), reads, completes()]);
  const denied = await respond(sandbox, led, { approve: false, comment: "Too short." });
  expect(denied.said).toContainEqual(naming(/^user: /, "denied", '"plan"', "Too short."));
  expect(questionOf(denied)).toMatchObject({ id: "q2", kind: "question" });
  expect(stepsOf(denied)).toEqual(["plan"]);
  const again = await respond(sandbox, denied, { answer: "It is too short." });
  expect(questionOf(again)).toMatchObject({ id: "q3", text: expect.stringContaining("Is the plan good?") });
  expect((await respond(sandbox, again, { approve: true })).run).toMatchObject({ status: "success", step: "do" });
});

it("a denied request_step is refused with the comment, and the next turn may repeat it", async () => {
  const led = await lead({}, [goes("do"), goes("do"), completes()]);
  const denied = await respond(sandbox, led, { approve: false, comment: "Not yet." });
  expect(denied.said.find((said) => said.startsWith("request_step: "))).toEqual(naming('"plan"', "denied", "Not yet."));
  expect(questionOf(denied).id).toBe("q2");
  expect((await respond(sandbox, denied, { approve: true })).run).toMatchObject({ status: "success", step: "do" });
});

it("timeout_seconds limits the wait for the answer; afterwards the approval counts as denied", async () => {
  const condition = { ...APPROVAL, timeout_seconds: 600 };
  const blocked = completes({ status: "blocked", result: "nobody is there" });
  const led = await lead({ exit_conditions: [condition] }, [goes("do"), blocked]);
  const minutes = (Date.parse(questionOf(led).expires_at) - Date.now()) / 60_000;
  expect(Math.round(minutes)).toBe(10);
  const after = await leaveUnanswered(sandbox, led);
  expect(after.run).toMatchObject({ status: "blocked", step: "plan" });
  expect(eventsOf(after, "question_answered")).toMatchObject([{ approved: false, by: "nobody" }]);
  expect(after.said).toContainEqual(naming(/^user: nobody /i, '"plan"'));
  expect(after.said.find((said) => said.startsWith("request_step: "))).toMatch(/\bnobody\b/i);
});

it("an approval of one step does not count for the next, nor for the same step entered again", async () => {
  const workflow = {
    steps: [
      { name: "plan", exit_conditions: [{ type: "user_approval", prompt: "plan?" }] },
      { name: "do", exit_conditions: [{ type: "user_approval", prompt: "do?" }] },
      { name: "end" },
    ],
  };
  const replies = [goes("do"), goes("plan"), goes("do"), completes({ status: "partial" })];
  const led = await sandbox.lead({ workflow, replies, args: { tools: ["*"] } });
  const second = await respond(sandbox, led, { approve: true });
  expect(questionOf(second).text).toBe("do?");
  const third = await respond(sandbox, second, { approve: true });
  expect(stepsOf(third)).toEqual(["plan", "do", "plan"]);
  expect(questionOf(third).text).toBe("plan?");
  expect((await respond(sandbox, third, { approve: true })).run.status).toBe("partial");
});
