/** Cancel means stop: what is in flight is aborted, and nothing later overwrites the end. */
import { expect, it } from "vitest";
import { call, says, setSandbox, text } from "../support/agents.js";
import { hang } from "../support/gemini-stand-in.js";
import { until } from "../support/host.js";
import { AT_ONCE_MS } from "../support/in-time.js";
import { shareHome } from "../support/shared-home.js";

const home = shareHome();

it("cancel_run aborts the model request in flight: the socket closes", async () => {
  const { host } = home;
  const { prompt, arrived } = home.play([hang()]);
  const { run_id } = (await host.call("spawn_agent", { prompt })).structured;
  const request = await arrived(1);
  const cancelled = await host.call("cancel_run", { run_id, reason: "not needed" });
  expect(cancelled.structured).toMatchObject({ was: "running", status: "cancelled", error: { code: "cancelled" } });
  expect(cancelled.structured.error.message).toContain("not needed");
  await request.closed;
});

it("cancel_run cancels the tool call in flight downstream", async () => {
  const { host } = home;
  const slowStages = () => home.slowStages("in flight");
  const { prompt } = home.play([says(call("effects__slow", { ms: 20_000, note: "in flight" })), says(text("never"))]);
  const { run_id } = (await host.call("spawn_agent", { prompt })).structured;
  await until(() => slowStages().includes("started"));
  await host.call("cancel_run", { run_id });
  await until(() => slowStages().includes("cancelled"));
  expect(slowStages()).toEqual(["started", "cancelled"]);
});

it("a cancelled run stays cancelled: nothing is written after its end", async () => {
  const { host } = home;
  const slowStages = () => home.slowStages("stays");
  const { prompt, requests } = home.play([
    says(call("effects__slow", { ms: 600, note: "stays" })),
    says(call("complete", { result: "success after all", status: "success" })),
  ]);
  const { run_id } = (await host.call("spawn_agent", { prompt })).structured;
  await until(() => slowStages().includes("started"));
  await host.call("cancel_run", { run_id });
  await until(() => slowStages().includes("cancelled"));
  // A whole run of the same process comes after the cancelled call's answer.
  const { structured } = await host.call("spawn_agent", { prompt: `another ${prompt}`, wait_seconds: 20 });
  expect(structured.status).toBe("success");
  const { run } = (await host.call("get_run", { run_id })).structured;
  expect(run).toMatchObject({ status: "cancelled", result: null });
  const { events } = (await host.call("get_run", { run_id, view: "events" })).structured;
  expect(events.at(-1)).toMatchObject({ type: "run_finished", status: "cancelled" });
  const prompts = requests().map(({ body }) => body.contents[0]?.parts[0]?.text);
  expect(prompts).toEqual([prompt, `another ${prompt}`]);
});

it("a cancelled run keeps the text, effects and usage from before the cancel", async () => {
  const { host } = home;
  const { prompt } = home.play([
    says(text("I add a line."), call("effects__add_line", { text: "kept" })),
    says(text("Now I am slow."), call("effects__slow", { ms: 20_000, note: "kept" })),
  ]);
  const { run_id } = (await host.call("spawn_agent", { prompt, tools: ["*"] })).structured;
  await until(() => home.slowStages("kept").includes("started"));
  const { structured } = await host.call("cancel_run", { run_id });
  expect(structured).toMatchObject({
    partial_text: "I add a line.\n\nNow I am slow.",
    effects: [{ tool: "effects__add_line", outcome: "done" }],
    turns_used: 2,
    tool_calls_count: 1,
    usage: { input_tokens: 20, output_tokens: 10 },
  });
});

it("another process, which did not start the run, can cancel it", async () => {
  const { host } = home;
  const { prompt, arrived } = home.play([hang()]);
  const { run_id } = (await host.call("spawn_agent", { prompt })).structured;
  const request = await arrived(1);
  const other = await home.open();
  const waiting = host.call("wait_for_runs", { run_ids: [run_id] });
  const before = Date.now();
  const { structured } = await other.call("cancel_run", { run_id });
  expect(structured).toMatchObject({ was: "running", status: "cancelled" });
  await request.closed;
  expect((await waiting).structured.runs[0]?.status).toBe("cancelled");
  expect(Date.now() - before).toBeLessThan(AT_ONCE_MS);
});

it("a run that is cancelled while it waits for a slot never starts", async () => {
  const { host, standIn } = await setSandbox(() => ({ ...says(text("ok")), delayMs: 700 }), {
    config: "limits: { max_concurrent_runs: 1 }",
  });
  const first = (await host.call("spawn_agent", { prompt: "one" })).structured.run_id;
  const second = (await host.call("spawn_agent", { prompt: "two" })).structured.run_id;
  expect((await host.call("cancel_run", { run_id: second })).structured).toMatchObject({
    was: "pending",
    status: "cancelled",
  });
  const { runs } = (await host.call("wait_for_runs", { run_ids: [first, second] })).structured;
  expect(runs.map(({ status }) => status)).toEqual(["success", "cancelled"]);
  expect(standIn.requests).toHaveLength(1);
});

it("cancel_run leaves a run that has ended as it is", async () => {
  const { host } = home;
  const { prompt } = home.play([says(text("done"))]);
  const { run_id } = (await host.call("spawn_agent", { prompt, wait_seconds: 20 })).structured;
  const cancelled = await host.call("cancel_run", { run_id });
  expect(cancelled.isError).toBe(false);
  expect(cancelled.structured).toMatchObject({ was: "success", status: "success", result: "done" });
});

it("a host completes a running run by hand, and only a running one", async () => {
  const { host } = home;
  const { prompt, arrived } = home.play([hang()]);
  const { run_id } = (await host.call("spawn_agent", { prompt })).structured;
  const request = await arrived(1);
  const done = await host.call("complete", {
    run_id,
    result: "I did it myself",
    status: "partial",
    next_steps: ["rest"],
  });
  expect(done.structured).toMatchObject({
    was: "running",
    status: "partial",
    result: "I did it myself",
    next_steps: ["rest"],
  });
  await request.closed;
  const again = await host.call("complete", { run_id, result: "twice" });
  expect(again.structured.error).toMatchObject({ code: "not_running" });
});

it("a host that gives up waiting leaves the run running", async () => {
  const { host } = home;
  const { prompt, arrived } = home.play([{ ...says(text("done")), delayMs: 800 }]);
  const { run_id } = (await host.call("spawn_agent", { prompt })).structured;
  await arrived(1);
  const gone = new AbortController();
  const waiting = host.call("wait_for_runs", { run_ids: [run_id] }, { signal: gone.signal });
  await host.call("list_runs"); // the server reads its calls in order, so it waits by now
  gone.abort();
  await expect(waiting).rejects.toThrow();
  const { runs } = (await host.call("wait_for_runs", { run_ids: [run_id] })).structured;
  expect(runs[0]?.status).toBe("success");
});
