/** Steps that are left only when a person has approved it: user_approval. */
import { expect, it } from "vitest";
import { leaveUnanswered, questionOf, respond } from "../support/people.js";
import { calls, completes, eventsOf, goes, type Led, shareStage, stepsOf } from "../support/workflows.js";

const stage = shareStage();
type Replies = Parameters<typeof stage.lead>[0]["replies"];

const APPROVAL = { type: "user_approval", prompt: "Is the plan good? {{ plan }}" };
const PLAN = { name: "plan", exit_conditions: [APPROVAL] };
const reads = calls(["effects__read_lines"]);

function lead(plan: object, replies: Replies, more: object = {}): Promise<Led> {
  const workflow = {
    variables: { plan: "First this, then that." },
    steps: [{ ...PLAN, ...plan }, { name: "do" }],
    ...more,
  };
  return stage.lead({ workflow, replies, args: { tools: ["*"] } });
}

const BY_ITSELF = { transitions: [{ to: "do", when: 'tool_called("effects__read_lines")' }] };

it("asks before a transition is taken, with the prompt filled in", async () => {
  const led = await lead(BY_ITSELF, [reads, completes()]);
  expect(questionOf(led)).toMatchObject({ kind: "approval", text: "Is the plan good? First this, then that." });
  expect(stepsOf(led)).toEqual(["plan"]);
  const after = await respond(stage, led, { approve: true });
  expect(after.run).toMatchObject({ status: "success", step: "do" });
  expect(stepsOf(after)).toEqual(["plan", "do"]);
  expect(after.said.join("\n")).not.toContain("A person");
});

it("asks with a sentence of its own where the condition has no prompt", async () => {
  const led = await lead({ exit_conditions: [{ type: "user_approval" }] }, [goes("do"), completes()]);
  expect(questionOf(led).text).toBe('May the run leave step "plan"?');
});

it("asks when the agent wants to go on, and lets it go on after a yes; a remark reaches it", async () => {
  const led = await lead({}, [goes("do"), completes()]);
  const after = await respond(stage, led, { approve: true, remark: "Mind the tests." });
  expect(after.run).toMatchObject({ status: "success", step: "do" });
  expect(after.said).toContain('request_step: The run goes on to step "do".');
  expect(after.said).toContain('user: A person approved leaving step "plan": Mind the tests.');
});

it("asks before the run may complete, and not where something else is missing anyway", async () => {
  const workflow = { steps: [{ name: "only", exit_conditions: [APPROVAL] }], variables: { plan: "this" } };
  const led = await stage.lead({ workflow, replies: [completes()], args: { tools: ["*"] } });
  expect(questionOf(led).text).toBe("Is the plan good? this");
  expect((await respond(stage, led, { approve: true })).run.status).toBe("success");

  const counted = { type: "action_count", min_count: 1 };
  const replies = [goes("do"), reads, goes("do"), completes()];
  const early = await lead({ exit_conditions: [APPROVAL, counted] }, replies);
  expect(early.said.find((said) => said.startsWith("request_step: "))).toContain("0 of 1 tool calls are made");
  expect(eventsOf(early, "question_asked")).toHaveLength(1); // when the call was made
});

it("after a no the agent is told, stays, and is not asked for again until it has done something", async () => {
  const led = await lead(BY_ITSELF, [reads, calls(["ask", { question: "What is wrong?" }]), reads, completes()]);
  const denied = await respond(stage, led, { approve: false, remark: "Too short." });
  expect(denied.said).toContain(
    'user: A person denied leaving step "plan": go on in it before you try again: Too short.',
  );
  expect(questionOf(denied)).toMatchObject({ id: "q2", kind: "question" });
  expect(stepsOf(denied)).toEqual(["plan"]);
  const again = await respond(stage, denied, { answer: "It is too short." });
  expect(questionOf(again)).toMatchObject({ id: "q3", text: expect.stringContaining("Is the plan good?") });
  expect((await respond(stage, again, { approve: true })).run).toMatchObject({ status: "success", step: "do" });
});

it("a wish to go on that was denied is refused with the remark, and may be said again in the next turn", async () => {
  const led = await lead({}, [goes("do"), goes("do"), completes()]);
  const denied = await respond(stage, led, { approve: false, remark: "Not yet." });
  expect(denied.said.find((said) => said.startsWith("request_step: "))).toBe(
    'request_step: request_step was refused: step "plan" may not be left yet: a person denied it: Not yet.',
  );
  expect(questionOf(denied).id).toBe("q2");
  expect((await respond(stage, denied, { approve: true })).run).toMatchObject({ status: "success", step: "do" });
});

it("timeout_seconds is the time for the answer; after it the approval counts as denied", async () => {
  const condition = { ...APPROVAL, timeout_seconds: 600 };
  const blocked = completes({ status: "blocked", result: "nobody is there" });
  const led = await lead({ exit_conditions: [condition] }, [goes("do"), blocked]);
  const minutes = (Date.parse(questionOf(led).expires_at) - Date.now()) / 60_000;
  expect(Math.round(minutes)).toBe(10);
  const after = await leaveUnanswered(stage, led);
  expect(after.run).toMatchObject({ status: "blocked", step: "plan" });
  expect(after.said).toContain('user: Nobody approved leaving step "plan" in time: go on in it before you try again.');
  expect(after.said.find((said) => said.startsWith("request_step: "))).toContain("nobody answered in time");
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
  const led = await stage.lead({ workflow, replies, args: { tools: ["*"] } });
  const second = await respond(stage, led, { approve: true });
  expect(questionOf(second).text).toBe("do?");
  const third = await respond(stage, second, { approve: true });
  expect(stepsOf(third)).toEqual(["plan", "do", "plan"]);
  expect(questionOf(third).text).toBe("plan?");
  expect((await respond(stage, third, { approve: true })).run.status).toBe("partial");
});
