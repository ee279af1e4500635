/** People in the loop: questions, approvals, and messages to an agent at work. */
import { expect, it } from "vitest";
import { answersIn, call, says, setSandbox, text } from "../support/agents.js";
import { type TestHost, until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { shareHome } from "../support/shared-home.js";

const home = shareHome();

const CAREFUL = `
name: careful
steps:
  - name: work
    rules:
      - { name: ask first, when: tool == "effects__add_line", action: require_approval, message: it writes }
`;

const SIGNED = `
name: signed
steps:
  - name: plan
    exit_conditions:
      - { type: user_approval, prompt: "Is the plan good?" }
    transitions: [{ to: do, when: 'tool_called("effects__read_lines")' }]
  - name: do
`;

async function spawn(host: TestHost, args: Record<string, unknown> = {}) {
  const request = { prompt: "go", tools: ["*"], wait_seconds: 20, ...args };
  return (await host.call("spawn_agent", request)).structured;
}

async function waited(host: TestHost, runId: string) {
  const { structured } = await host.call("wait_for_runs", { run_ids: [runId], wait_seconds: 20 });
  return structured.runs[0];
}

it("an agent's own question stops its run, and the answer lets it continue", async () => {
  const { host } = home;
  const { prompt, requests } = home.play([
    says(call("ask", { question: "Tabs or blanks?", options: ["tabs", "blanks"] })),
    says(text("Blanks it is.")),
  ]);
  const run = await spawn(host, { prompt });
  expect(run).toMatchObject({
    status: "waiting",
    question: { id: "q1", kind: "question", text: "Tabs or blanks?", options: ["tabs", "blanks"] },
  });
  const wrong = await host.call("respond_to_run", { run_id: run.run_id, answer: "both" });
  expect(wrong.text).toEqual(naming("q1", "tabs", "blanks"));
  await host.call("respond_to_run", { run_id: run.run_id, answer: "blanks" });
  expect(await waited(host, run.run_id)).toMatchObject({ status: "success", result: "Blanks it is." });
  expect(JSON.stringify(answersIn(requests()[1]))).toContain("blanks");
});

it("a call that needs approval is made after a yes, and not after a no", async () => {
  const { bench, host, effects } = home;
  const { prompt, requests } = home.play([
    says(call("effects__add_line", { text: "first" }), call("effects__add_line", { text: "second\n\rline" })),
    says(call("complete", { result: "done", status: "success" })),
  ]);
  bench.writeHome("workflows/careful.yaml", CAREFUL);
  const run = await spawn(host, { prompt, workflow: "careful" });
  expect(run).toMatchObject({ status: "waiting", question: { kind: "approval", tool: "effects__add_line" } });
  expect(effects()).toEqual([]);
  await host.call("respond_to_run", { run_id: run.run_id, approve: true });
  const second = await waited(host, run.run_id);
  expect(second).toMatchObject({ status: "waiting", question: { id: "q2" } });
  expect(second?.question?.text).toMatch(/^May effects__add_line .*"ask first".*\ntext:\n\| second\n\| \\u\{d\}line$/);
  expect(effects()).toEqual(["first"]);
  await host.call("respond_to_run", { run_id: run.run_id, approve: false, comment: "one is enough" });
  expect(await waited(host, run.run_id)).toMatchObject({ status: "success" });
  expect(effects()).toEqual(["first"]);
  expect(JSON.stringify(answersIn(requests()[1]))).toContain("one is enough");
});

it("a run leaves a step only with its approval, which another process may give after the first has crashed", async () => {
  const { bench, host, anotherHost } = await setSandbox([
    says(call("effects__read_lines")),
    says(call("complete", { result: "done", status: "success" })),
  ]);
  bench.writeHome("workflows/signed.yaml", SIGNED);
  const run = await spawn(host, { workflow: "signed" });
  expect(run).toMatchObject({ status: "waiting", question: { text: "Is the plan good?" } });
  process.kill(host.pid, "SIGKILL");
  const other = await anotherHost();
  expect(await waited(other, run.run_id)).toMatchObject({ status: "waiting" });
  await other.call("respond_to_run", { run_id: run.run_id, approve: true });
  expect(await waited(other, run.run_id)).toMatchObject({ status: "success", step: "do" });
});

it("a host that can ask is asked", async () => {
  const asked: string[] = [];
  const { host } = await setSandbox([says(call("ask", { question: "Which?" })), says(text("That one."))], {
    elicit: (message) => {
      asked.push(message);
      return { action: "accept", content: { answer: "this" } };
    },
  });
  const run = await spawn(host);
  await until(async () => (await waited(host, run.run_id))?.status === "success");
  expect(asked).toHaveLength(1);
  expect(asked[0]).toContain("Which?");
});

it("a message reaches an agent at work before its next request, from another process too", async () => {
  const { host, slowStages } = home;
  const { prompt, requests } = home.play([says(call("effects__slow", { ms: 3_000 })), says(text("Read it."))]);
  const other = await home.open();
  await other.call("list_runs");
  const run = await spawn(host, { prompt, wait_seconds: 0 });
  await until(() => slowStages().includes("started"));
  await other.call("respond_to_run", { run_id: run.run_id, message: "Look at the tests as well." });
  expect(await waited(host, run.run_id)).toMatchObject({ status: "success" });
  expect(JSON.stringify(requests()[1]?.body.contents?.at(-1))).toContain("Look at the tests as well.");
  const late = await other.call("respond_to_run", { run_id: run.run_id, message: "And now?" });
  expect(late).toMatchObject({ isError: true, structured: { error: { message: naming(run.run_id, "success") } } });
});
