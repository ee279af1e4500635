/** Calls that a rule lets be made only when a person has approved them: require_approval. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { beginLegwork, legworkHere } from "../support/command.js";
import { until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { leaveUnanswered, questionOf, respond, settled } from "../support/people.js";
import { calls, completes, eventsOf, type Led, shareSandbox, stepsOf } from "../support/workflows.js";

const sandbox = shareSandbox();
const lead = (step: object, ...replies: Parameters<typeof sandbox.lead>[0]["replies"]) =>
  sandbox.lead({
    workflow: { steps: [{ name: "work", ...step }] },
    replies: [...replies, completes()],
    args: { tools: ["*"] },
  });

const asksFor = (tool: string, more: object = {}) => ({
  rules: [{ name: "ask first", when: `tool == "${tool}"`, action: "require_approval", message: "it writes", ...more }],
});
const CAREFUL = asksFor("effects__add_line");
const adds = (...lines: readonly string[]) => calls(...lines.map((text) => ["effects__add_line", { text }] as const));
const written = (line: string) => sandbox.effects().filter((found) => found === line).length;
const saidOf = (led: Led, tool: string) => led.said.filter((said) => said.startsWith(`${tool}: `));

it("the question names the call, its arguments and the rule; after a yes the call is made, once", async () => {
  const led = await lead(CAREFUL, adds("a yes"));
  const question = questionOf(led);
  expect(question).toMatchObject({ id: "q1", kind: "approval", tool: "effects__add_line" });
  expect(question.text).toEqual(naming("effects__add_line", '{"text":"a yes"}', '"ask first"', "it writes"));
  expect(led.run.next).toContain("approve");
  expect(written("a yes")).toBe(0);
  const after = await respond(sandbox, led, { approve: true });
  expect(after.run.status).toBe("success");
  expect(written("a yes")).toBe(1);
  expect(eventsOf(after, "question_answered")).toMatchObject([
    { id: "q1", approved: true, text: null, comment: null, by: "test-host", channel: "respond_to_run" },
  ]);
});

it("after a no the agent reads the comment, and the call is not made", async () => {
  const led = await lead(CAREFUL, adds("a no"));
  const after = await respond(sandbox, led, { approve: false, comment: "One is enough." });
  expect(after.run.status).toBe("success");
  expect(written("a no")).toBe(0);
  expect(saidOf(after, "effects__add_line")).toEqual([naming('"ask first"', "it writes", "denied", "One is enough.")]);
});

it("the comment of a yes reaches the agent too", async () => {
  const led = await lead(CAREFUL, adds("a yes with a comment"));
  const after = await respond(sandbox, led, { approve: true, comment: "But no more of them." });
  expect(after.said).toContainEqual(naming(/^user: /, "approved", "effects__add_line", "But no more of them."));
});

it("each call of a turn is asked about in order, and an answer counts for that call only", async () => {
  const led = await lead(CAREFUL, adds("in order", "in order", "in order, third"), adds("in order"));
  expect(questionOf(led).id).toBe("q1");
  const second = await respond(sandbox, led, { approve: true });
  expect(questionOf(second)).toMatchObject({ id: "q2", text: expect.stringContaining('{"text":"in order"}') });
  expect(written("in order")).toBe(1);
  const third = await respond(sandbox, second, { approve: false });
  expect(questionOf(third).text).toContain("in order, third");
  const again = await respond(sandbox, third, { approve: true });
  expect(questionOf(again)).toMatchObject({ id: "q4", text: expect.stringContaining('{"text":"in order"}') });
  const after = await respond(sandbox, again, { approve: false });
  expect(after.run.status).toBe("success");
  expect(written("in order")).toBe(1);
  expect(written("in order, third")).toBe(1);
});

it("a read-only call that waits lets its neighbours run and holds back the calls after them", async () => {
  const led = await lead(
    asksFor("effects__big"),
    calls(
      ["effects__read_lines"],
      ["effects__big", { n: 3 }],
      ["effects__slow", { ms: 1 }],
      ["effects__add_line", { text: "held" }],
    ),
  );
  expect(questionOf(led).tool).toBe("effects__big");
  expect(eventsOf(led, "tool_call_finished").map(({ tool }) => tool)).toEqual(["effects__read_lines", "effects__slow"]);
  expect(written("held")).toBe(0);
  const after = await respond(sandbox, led, { approve: true });
  expect(eventsOf(after, "tool_call_finished").map(({ tool }) => tool)).toEqual([
    "effects__read_lines",
    "effects__slow",
    "effects__big",
    "effects__add_line",
    "complete",
  ]);
  expect(eventsOf(after, "tool_call_started").filter(({ tool }) => tool === "effects__slow")).toHaveLength(1);
});

it("a call that another rule refuses asks nobody", async () => {
  const rules = [{ name: "never", when: 'args.text == "bad"', action: "block" }, ...CAREFUL.rules];
  const led = await lead({ rules }, adds("bad"));
  expect(led.run.status).toBe("success");
  expect(eventsOf(led, "question_asked")).toEqual([]);
});

it("a call with invalid arguments asks nobody, and a question shortens long arguments", async () => {
  const misfit = await lead(CAREFUL, calls(["effects__add_line", { text: 3 }]));
  expect(misfit.run.status).toBe("success");
  expect(eventsOf(misfit, "question_asked")).toEqual([]);
  const long = await lead(CAREFUL, adds("x".repeat(50_000)));
  expect(questionOf(long).text.length).toBeLessThan(3_300);
  expect(questionOf(long).text).toEqual(naming("50011", /\b3000\b/, "it writes"));
  await respond(sandbox, long, { approve: false });
});

it("a call that the workflow makes is asked about like the agent's", async () => {
  const steps = [
    {
      name: "work",
      ...CAREFUL,
      on_enter: [
        { action: "call_tool", tool: "effects__add_line", arguments: { text: "by itself" }, output_as: "got" },
      ],
    },
  ];
  const led = await sandbox.lead({ workflow: { steps }, replies: [completes()], args: { tools: ["*"] } });
  expect(questionOf(led)).toMatchObject({ tool: "effects__add_line", text: expect.stringContaining("by itself") });
  expect(eventsOf(led, "turn_started")).toEqual([]);
  const after = await respond(sandbox, led, { approve: true });
  expect(after.run.status).toBe("success");
  expect(written("by itself")).toBe(1);
  expect(stepsOf(after)).toEqual(["work"]);

  const denied = await sandbox.lead({ workflow: { steps }, replies: [completes()], args: { tools: ["*"] } });
  const end = await respond(sandbox, denied, { approve: false, comment: "Not now." });
  expect(end.run).toMatchObject({ status: "blocked", error: { code: "workflow_call_failed" } });
  expect(written("by itself")).toBe(1);
  expect(eventsOf(end, "workflow_call_refused")).toMatchObject([
    { tool: "effects__add_line", reason: naming("denied", "Not now.") },
  ]);
});

it("a question that nobody answers within a day counts as denied, and the agent learns it", async () => {
  const after = await leaveUnanswered(sandbox, await lead(CAREFUL, adds("unanswered")));
  expect(after.run.status).toBe("success");
  expect(written("unanswered")).toBe(0);
  expect(saidOf(after, "effects__add_line")[0]).toEqual(naming("it writes", /\bnobody\b/i));
  expect(eventsOf(after, "question_answered")).toMatchObject([{ approved: false, by: "nobody", channel: "nobody" }]);
});

it("an edit is asked about as a diff, a text as its lines: in the answer, and in each command of a terminal", async () => {
  const { bench } = sandbox;
  const file = join(bench.project, "notes.txt");
  bench.write("notes.txt", "buy oats\ncall Ada\n");
  const edits = [{ oldText: "buy oats\ncall Ada\n", newText: "buy oats\ncall Ada on Monday\n" }];
  const led = await lead(
    {
      rules: [{ name: "ask first", when: 'tool.startsWith("workspace__")', action: "require_approval" }],
    },
    calls(["workspace__edit_file", { path: "notes.txt", edits }]),
    calls(["workspace__write_file", { path: "new.txt", content: "one\ntwo\n" }]),
  );
  const { run_id } = led.run;
  const diff = ["edits[0]:", " buy oats", "-call Ada", "+call Ada on Monday"];
  const question = questionOf(led);
  expect(question).toMatchObject({ kind: "approval", tool: "workspace__edit_file" });
  expect(question.text.split("\n").slice(1)).toEqual(diff);
  expect(question.text).toEqual(naming('{"path":"notes.txt"} and edits[0] below', '"ask first"'));

  const shown = diff.map((line) => `  ${line}\n`).join("");
  const command = (...words: readonly string[]) => legworkHere(bench, ["runs", ...words]);
  const watch = beginLegwork(bench, ["runs", "watch", run_id]);
  expect((await command("show", run_id)).stdout).toContain(shown);
  const unanswered = await command("respond", run_id);
  expect(unanswered).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(shown) });
  expect(unanswered.stderr).toEqual(naming("--approve", "--deny", "--answer"));
  await until(() => watch.stdout().includes(shown));
  expect(readFileSync(file, "utf8")).toBe("buy oats\ncall Ada\n");
  const answered = await command("respond", run_id, "--approve", "--question", "q1");
  expect(answered).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining(`${shown}${run_id} `) });

  const next = await settled(sandbox.host, run_id);
  expect(questionOf({ run: next }).text.split("\n").slice(1)).toEqual(["content:", "| one", "| two", "| "]);
  expect(readFileSync(file, "utf8")).toBe("buy oats\ncall Ada on Monday\n");
  const denied = await command("respond", run_id, "--deny");
  expect(denied.stdout).toContain("  content:\n  | one\n  | two\n");
  expect(await settled(sandbox.host, run_id)).toMatchObject({ status: "success" });
  expect((await watch.ended).code).toBe(0);
});
