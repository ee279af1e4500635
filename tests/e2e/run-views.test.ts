/** What hosts and people see of a run: single events whole, effects with what they were about, progress, warnings. */
import { expect, it } from "vitest";
import { legworkHere } from "../support/command.js";
import { naming } from "../support/naming.js";
import { effectServer, rehearse, runScript, setBench, setHost } from "../support/rehearsals.js";
import { calls, eventsOf, shareSandbox } from "../support/workflows.js";

const sandbox = shareSandbox();

it("a large tool result can be read whole, page by page and in a terminal", async () => {
  const led = await sandbox.lead({
    workflow: null,
    replies: [calls(["effects__big", { n: 50_000 }]), { text: "done" }],
    args: { tools: ["*"] },
  });
  const { run_id } = led.run;
  const finished = eventsOf(led, "tool_call_finished")[0] as unknown as { seq: number };
  let whole = "";
  let cursor: string | null = null;
  do {
    const page = await sandbox.host.call("get_run", {
      run_id,
      view: "events",
      at: finished.seq,
      ...(cursor ? { cursor } : {}),
    });
    expect(Buffer.byteLength(page.text)).toBeLessThanOrEqual(10_000);
    expect(page.structured.events).toMatchObject([
      { seq: finished.seq, type: "tool_call_finished", tool: "effects__big" },
    ]);
    whole += page.structured.events[0]?.text;
    cursor = page.structured.next_cursor;
  } while (cursor);
  expect(whole).toBe("x".repeat(50_000));
  const { stdout } = await legworkHere(sandbox.bench, ["runs", "show", run_id, "--at", String(finished.seq), "--json"]);
  expect(JSON.parse(stdout).text).toBe(whole);
  const plain = await legworkHere(sandbox.bench, ["runs", "show", run_id, "--at", String(finished.seq)]);
  expect(plain.stdout).toContain(whole);
  const none = await sandbox.host.call("get_run", { run_id, view: "events", at: 999 });
  expect(none.structured.error).toMatchObject({ code: "unknown_event", message: naming("999") });
});

it("the tools of a run are named in part among its events, and all in the event itself", async () => {
  const { run, events } = await sandbox.lead({ workflow: null, replies: [{ text: "done" }], args: { tools: ["*"] } });
  const resolved = events.find(({ type }) => type === "tools_resolved") as unknown as {
    seq: number;
    rulings: { tools: string[]; more?: number }[];
  };
  const [shown] = resolved.rulings;
  expect(shown?.tools).toHaveLength(5);
  const whole = await sandbox.host.call("get_run", { run_id: run.run_id, view: "events", at: resolved.seq });
  const [all] = (whole.structured.events[0] as unknown as typeof resolved).rulings;
  expect(all?.tools).toHaveLength(5 + (shown?.more ?? 0));
});

it("effects name their path or first text, and an error is no failure to act", async () => {
  const replies = [
    calls(["effects__add_line", { text: "a line" }], ["workspace__write_file", { path: "notes.txt", content: "x" }]),
    calls(["workspace__write_file", { path: "no/such/folder/notes.txt", content: "x" }]),
    { text: "done" },
  ];
  const { run } = await sandbox.lead({ workflow: null, replies, args: { tools: ["*"] } });
  expect(run.effects).toMatchObject([
    { tool: "effects__add_line", turn: 1, about: "a line", outcome: "done" },
    { tool: "workspace__write_file", turn: 1, about: "notes.txt", outcome: "done" },
    { tool: "workspace__write_file", turn: 2, about: "no/such/folder/notes.txt", outcome: "made, with an error" },
  ]);
});

it("progress names the run, its turn and its tool, and counts the ends of several", async () => {
  const looks = {
    workflow: null,
    replies: [calls(["effects__slow", { ms: 1_500 }]), { text: "done" }],
    args: { tools: ["*"], wait_seconds: 0 },
  };
  const runs = [
    await sandbox.lead({ ...looks, args: { ...looks.args, title: "looker" } }),
    await sandbox.lead({ ...looks, args: { ...looks.args, title: "other" } }),
  ];
  const seen: string[] = [];
  const run_ids = runs.map(({ run }) => run.run_id);
  await sandbox.host.call(
    "wait_for_runs",
    { run_ids, wait_seconds: 40 },
    { timeout: 50_000, onprogress: ({ message }) => seen.push(message ?? "") },
  );
  expect(seen.every((message) => /\b(looker|other)\b/.test(message))).toBe(true);
  expect(seen).toContain("looker: turn 1, effects__slow answered");
  expect(seen).toContainEqual(expect.stringMatching(/^1 of 2 ended; (looker|other): turn 2, ended: success$/));
});

it("a question that is too long for a host is not asked, and the agent asks again", async () => {
  const options = Array.from({ length: 20 }, (_, index) => `${index} ${"y".repeat(560)}`);
  const led = await sandbox.lead({
    workflow: null,
    replies: [
      calls(["ask", { question: "Which?", options }]),
      calls(["ask", { question: "漢".repeat(2_000) }]),
      calls(["ask", { question: "Which \u202etxt.exe\u200b?", options: ["a\u2066b", "c"] }]),
      { text: "done" },
    ],
  });
  expect(eventsOf(led, "tool_call_refused")).toMatchObject([
    { tool: "ask", reason: naming("options", /\b2000\b/) },
    { tool: "ask", reason: naming("6000", /\b4000\b/) },
  ]);
  expect(led.run.question).toMatchObject({ text: "Which \\u{202e}txt.exe\\u{200b}?", options: ["a\\u{2066}b", "c"] });
  await sandbox.host.call("cancel_run", { run_id: led.run.run_id });
});

it("an agent is not warned of a host's tool for what it can do itself", async () => {
  const { run } = await sandbox.lead({
    workflow: null,
    replies: [{ text: "done" }],
    args: { tools: ["read_only", "AskUserQuestion", "WebFetch"] },
  });
  expect(run.warnings).toEqual([naming('"WebFetch"')]);
});

it("the fault of a server is warned of only where the run may want its tools", async () => {
  const bench = setBench();
  bench.configure(`mcpServers: { effects: ${effectServer()}, broken: { command: /no/such/command } }`);
  rehearse(bench, "play", [{ text: "done" }]);
  const host = await setHost(bench);
  const warningsOf = async (tools: readonly string[]) => (await runScript(host, "play", { tools })).warnings;
  expect(await warningsOf(["effects__*"])).toEqual([]);
  expect(await warningsOf(["effects__*", "workspace__read_text_file"])).toEqual([]);
  expect(await warningsOf(["read_only"])).toContainEqual(naming(/^broken: /)); // it may have tools that only read
  expect(await warningsOf(["effects__*", "broken__*"])).toContainEqual(naming(/^broken: /));
  expect(await warningsOf(["*"])).toContainEqual(naming(/^broken: /));
});
