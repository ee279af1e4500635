/** Runs whose work kills the process that does it: they do not take one process after another along. */
import { expect, it } from "vitest";
import { answersIn, call, says, setSandbox, text } from "../support/agents.js";
import { hang } from "../support/gemini-stand-in.js";
import { processExists, type TestHost, until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { endOf, eventTypes, spawnRun } from "../support/resuming.js";

async function kill({ pid }: TestHost): Promise<void> {
  process.kill(pid, "SIGKILL");
  await until(() => !processExists(pid));
}

it("a call in which two processes have died is not made by the third, and the agent goes on without it", async () => {
  const { host, standIn, slowStages, anotherHost } = await setSandbox([
    says(call("effects__slow", { ms: 60_000 }), call("effects__echo", { after: true })),
    says(text("I go another way.")),
  ]);
  const runId = await spawnRun(host);
  const started = () => slowStages().filter((stage) => stage === "started").length;
  await until(() => started() === 1);
  await kill(host);
  const second = await anotherHost();
  await second.call("list_runs");
  await until(() => started() === 2);
  await kill(second);
  const third = await anotherHost();
  expect(await endOf(third, runId)).toMatchObject({ status: "success", result: "I go another way." });
  expect(started()).toBe(2);
  const [deadly, after] = answersIn(standIn.requests.at(-1));
  expect(JSON.stringify(deadly)).toEqual(naming("Not made again", "effects__slow", "died"));
  expect(JSON.stringify(after)).toContain("after");
  const { structured } = await third.call("get_run", { run_id: runId, view: "events", limit: 100 });
  expect(structured.events).toContainEqual(
    expect.objectContaining({
      type: "tool_call_finished",
      tool: "effects__slow",
      code: "process_died",
      is_error: true,
    }),
  );
}, 120_000);

it("processes that end in order within one slow reply are not counted against the run; deaths are", async () => {
  const { host, standIn, anotherHost } = await setSandbox((_, n) => (n <= 6 ? hang() : says(text("Done at last."))));
  const runId = await spawnRun(host);
  await standIn.arrived(1);
  await host.close();
  for (let requests = 2; requests <= 6; requests++) {
    const next = await anotherHost();
    await next.call("list_runs");
    await standIn.arrived(requests);
    if (requests <= 5) await next.close();
    else await kill(next);
  }
  const last = await anotherHost();
  expect(await endOf(last, runId)).toMatchObject({ status: "success", result: "Done at last." });
  expect((await eventTypes(last, runId)).filter((type) => type === "run_resumed")).toHaveLength(6);
}, 120_000);

it("a run whose processes die four times in the same request ends, says so, and can be resumed", async () => {
  const { host, standIn, anotherHost } = await setSandbox((_, n) => (n <= 4 ? hang() : says(text("Here."))));
  const runId = await spawnRun(host);
  await standIn.arrived(1);
  await kill(host);
  for (let requests = 2; requests <= 4; requests++) {
    const next = await anotherHost();
    await next.call("list_runs");
    await standIn.arrived(requests);
    await kill(next);
  }
  const last = await anotherHost();
  const end = await endOf(last, runId);
  expect(end).toMatchObject({ status: "error", error: { code: "recovery_exhausted", message: naming("4 times") } });
  await last.call("resume_run", { run_id: runId });
  expect(await endOf(last, runId)).toMatchObject({ status: "success", result: "Here." });
}, 120_000);
