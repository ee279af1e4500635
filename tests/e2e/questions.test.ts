/** What agents ask the person they work for, with `ask`. */
import { describe, expect, it } from "vitest";
import { naming } from "../support/naming.js";
import { leaveUnanswered, questionOf, respond } from "../support/people.js";
import { calls, completes, eventsOf, shareSandbox } from "../support/workflows.js";

const sandbox = shareSandbox();
const asks = (args: object = { question: "Tabs or blanks?", options: ["tabs", "blanks"] }) => calls(["ask", args]);
const done = { text: "Done." };
const lead = (...replies: Parameters<typeof sandbox.lead>[0]["replies"]) =>
  sandbox.lead({ workflow: null, replies, args: { tools: ["*"] } });

it("a run waits with its question, and its answer says how to respond", async () => {
  const led = await lead(asks(), done);
  expect(questionOf(led)).toMatchObject({
    id: "q1",
    kind: "question",
    text: "Tabs or blanks?",
    options: ["tabs", "blanks"],
  });
  const hours = (Date.parse(questionOf(led).expires_at) - Date.now()) / 3_600_000;
  expect(Math.round(hours)).toBe(24);
  expect(led.run.next).toEqual(naming("respond_to_run", led.run.run_id, "question_id", '"q1"', "answer"));
  const after = await respond(sandbox, led, { answer: "blanks", remark: "Two of them." }); // prose-check: old public name
  expect(after.run).toMatchObject({ status: "success", result: "Done." });
  expect(after.said).toContain("ask: blanks\nTwo of them.");
  expect(eventsOf(after, "question_answered")).toMatchObject([
    { id: "q1", approved: null, text: "blanks", comment: "Two of them.", by: "test-host", channel: "respond_to_run" },
  ]);
});

it("takes any answer where there are no options", async () => {
  const led = await lead(asks({ question: "What is it for?", options: [] }), done);
  expect(questionOf(led)).not.toHaveProperty("options");
  expect((await respond(sandbox, led, { answer: "For the tests." })).said).toContain("ask: For the tests.");
});

it("a run asks two questions of a turn one after the other, and makes the other calls of the turn first", async () => {
  const led = await lead(
    calls(["ask", { question: "One?" }], ["effects__add_line", { text: "meanwhile" }], ["ask", { question: "Two?" }]),
    done,
  );
  expect(questionOf(led)).toMatchObject({ id: "q1", text: "One?" });
  expect(sandbox.effects()).toContain("meanwhile");
  const second = await respond(sandbox, led, { answer: "first" });
  expect(questionOf(second)).toMatchObject({ id: "q2", text: "Two?" });
  const after = await respond(sandbox, second, { answer: "second" });
  expect(after.run.status).toBe("success");
  expect(after.said.filter((said) => !said.startsWith("user: "))).toEqual([
    "ask: first",
    "effects__add_line: added meanwhile",
    "ask: second",
  ]);
  expect(sandbox.effects().filter((line) => line === "meanwhile")).toHaveLength(1);
});

it("a run does not end before its agent has read the answer", async () => {
  const both = calls(["ask", { question: "Enough?" }], ["complete", { result: "too early", status: "success" }]);
  const led = await lead(both, completes({ result: "in time" }));
  const after = await respond(sandbox, led, { answer: "No." });
  expect(after.run).toMatchObject({ status: "success", result: "in time" });
  expect(after.said).toContainEqual(naming(/^complete: /, "answer"));
});

describe("ask refuses", () => {
  it.each([
    [{}, "question"],
    [{ question: "" }, "question"],
    [{ question: "Which?", options: "all" }, "options"],
    [{ question: "Which?", options: ["", "b"] }, "options"],
    [{ question: "Which?", default: "a" }, "default"],
  ])("%j, and the run goes on", async (args, named) => {
    const led = await lead(asks(args), done);
    expect(led.run.status).toBe("success");
    const [refusal = ""] = led.said.filter((said) => said.startsWith("ask: "));
    expect(refusal).toEqual(naming(/^ask: /, "arguments", named));
    expect(eventsOf(led, "question_asked")).toEqual([]);
  });
});

it("tells the agent when nobody has answered within a day", async () => {
  const led = await lead(asks(), done);
  const after = await leaveUnanswered(sandbox, led);
  expect(after.run.status).toBe("success");
  expect(after.said).toContainEqual(naming(/^ask: /, "answered"));
  expect(eventsOf(after, "question_answered")).toMatchObject([{ text: null, by: "nobody", channel: "nobody" }]);
  expect(eventsOf(after, "tool_call_finished")).toMatchObject([{ tool: "ask", is_error: true }]);
});
