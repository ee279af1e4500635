/** `legwork runs respond`: answers from a terminal, to runs of other processes or of none. */
import { userInfo } from "node:os";
import { expect, it } from "vitest";
import { call, keysFor, says, setSandbox, text } from "../support/agents.js";
import { legwork, legworkHere } from "../support/command.js";
import { until } from "../support/host.js";
import { messageOf, naming } from "../support/naming.js";
import { settled } from "../support/people.js";
import { tell } from "../support/workflows.js";

const CAREFUL = `
steps:
  - name: work
    rules: [{ name: ask, when: 'tool == "effects__add_line"', action: require_approval }]
`;

it("answers, approves, denies and writes to a run that another process works on, and that process continues it", async () => {
  let isSent = false;
  const replies = [
    says(call("ask", { question: "Which?", options: ["a", "b"] })),
    says(call("effects__add_line", { text: "yes" })),
    says(call("effects__add_line", { text: "no" })),
    says(call("effects__read_lines")),
    says(call("complete", { result: "Done.", status: "success" })),
  ];
  const { bench, host, standIn, effects } = await setSandbox(async (_body, n) => {
    if (n === 4) await until(() => isSent); // the agent thinks until somebody writes to it
    return replies[n - 1] ?? says(text("too many requests"));
  });
  bench.writeHome("workflows/careful.yaml", CAREFUL);
  const args = { prompt: "go", tools: ["*"], workflow: "careful" };
  const { run_id } = (await host.call("spawn_agent", args)).structured;
  const command = (...words: readonly string[]) => legworkHere(bench, ["runs", "respond", run_id, ...words]);
  const open = (id: string) => until(async () => (await settled(host, run_id)).question?.id === id);

  await open("q1");
  const shown = (await legworkHere(bench, ["runs", "show", run_id])).stdout;
  expect(shown).toMatch(/ question_asked +.*q1\b.*Which\?.*\ba\b.*\bb\b/);
  expect(shown).toMatch(
    new RegExp(
      `\n.*q1\\b.*\n {2}Which\\?\n {2}.*\\ba\\b.*\\bb\\b.*\n.*legwork runs respond ${run_id} --answer TEXT\n$`,
    ),
  );
  const wrong = await command("--answer", "c");
  expect(wrong).toMatchObject({ code: 2, stdout: "", stderr: naming(run_id, "q1", '"a"', '"b"') });
  expect(await command("--answer", "b", "--comment", "I think.", "--question", "q1")).toEqual({
    code: 0,
    stderr: "",
    stdout: naming(run_id, "q1"),
  });
  await open("q2");
  const approval = (await legworkHere(bench, ["runs", "show", run_id])).stdout;
  expect(approval).toMatch(/\n {2}.*effects__add_line.*\{"text":"yes"\}.*"ask".*\n.*--approve.*--deny\n$/);
  expect(await command("--approve")).toMatchObject({ code: 0, stderr: "" });
  await open("q3");
  const denied = await command("--deny", "--remark", "One is enough.", "--json");
  expect(JSON.parse(denied.stdout)).toMatchObject({ was: "waiting", run: { run_id } });
  await standIn.arrived(4);
  const sent = await command("--message", "Well done.");
  isSent = true;
  expect(sent.stdout).toEqual(naming(run_id, "running", "message"));

  const led = await tell(host, await settled(host, run_id));
  expect(led.run).toMatchObject({ status: "success", result: "Done." });
  expect(effects()).toEqual(["yes"]);
  expect(led.said).toEqual(expect.arrayContaining(["ask: b\nI think.", "user: Well done."]));
  const by = { by: userInfo().username, channel: "command_line" };
  const people = led.events.filter(({ type }) => type === "question_answered" || type === "message_sent");
  expect(people).toMatchObject([by, by, by, by]);
  expect(await command("--approve")).toMatchObject({ code: 2, stderr: naming(run_id, "success") });
}, 60_000);

it("answers a run that no process works on, and the next process of the project continues it", async () => {
  const { bench, host, anotherHost } = await setSandbox([
    says(call("ask", { question: "Which?" })),
    says(text("Thanks.")),
  ]);
  const args = { prompt: "go", wait_seconds: 20 };
  const { run_id } = (await host.call("spawn_agent", args)).structured;
  process.kill(host.pid, "SIGKILL");
  const config = bench.read("config.yaml");
  bench.configure("mcpServers: {");
  expect(await legwork(bench, ["runs", "respond", "last", "--answer", "This."])).toMatchObject({ code: 0, stderr: "" });
  bench.configure(config);
  const other = await anotherHost();
  const led = await tell(other, await settled(other, run_id));
  expect(led.run).toMatchObject({ status: "success", result: "Thanks." });
  expect(led.said).toContain("ask: This.");
});

it("says how to go on in the terminal where no process is open, and that goes on", async () => {
  const { bench, host, standIn } = await setSandbox([says(call("ask", { question: "Which?" })), says(text("Thanks."))]);
  const { run_id } = (await host.call("spawn_agent", { prompt: "go", wait_seconds: 20 })).structured;
  await host.close();
  const answered = await legwork(bench, ["runs", "respond", run_id, "--answer", "This."]);
  expect(answered).toMatchObject({ code: 0, stdout: naming(`legwork runs resume ${run_id}`) });
  const resumed = await legwork(bench, ["runs", "resume", run_id], keysFor(standIn));
  expect(resumed).toMatchObject({ code: 0, stdout: naming("run_resumed", "Thanks.") });
});

it("refuses an answer that does not fit, names what to change, and leaves the run waiting", async () => {
  const { bench, host } = await setSandbox([says(call("ask", { question: "Which?" }))]);
  const { run_id } = (await host.call("spawn_agent", { prompt: "go", wait_seconds: 20 })).structured;
  const refusals = [
    [["runs", "respond"], ["runs respond"]],
    [["runs", "respond", "run_x", "--approve"], ['"run_x"']],
    [
      ["runs", "respond", run_id],
      ["--approve", "--deny", "--answer", "--message"],
    ],
    [
      ["runs", "respond", run_id, "--approve", "--deny"],
      ["--approve", "--deny"],
    ],
    [
      ["runs", "respond", run_id, "--comment", "hm"],
      ["approve", "answer"],
    ],
    [["runs", "respond", run_id, "--message", "a", "--answer", "b"], ["message"]],
    [
      ["runs", "respond", run_id, "--answer", ""],
      [run_id, "q1"],
    ],
    [["runs", "respond", run_id, "--answer"], ["--answer"]],
    [
      ["runs", "show", run_id, "--approve"],
      ["--approve", "runs respond"],
    ],
    [
      ["tools", "--deny"],
      ["--deny", "runs"],
    ],
  ] as const;
  for (const [words, facts] of refusals) {
    const { code, stdout, stderr } = await legworkHere(bench, words);
    expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
    expect(messageOf({ stderr })).toEqual(naming(...facts));
  }
  expect((await settled(host, run_id)).status).toBe("waiting");
}, 60_000);
