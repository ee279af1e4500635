/** resume_run on runs whose process was killed or whose time was up, and on those that only a caller may take up. */
import { describe, expect, it } from "vitest";
import { call, says, setSandbox, text } from "../support/agents.js";
import { hang } from "../support/gemini-stand-in.js";
import { until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { answerTextIn, conversationIn, endOf, resume, resumeToEnd, runToEnd, spawnRun } from "../support/resuming.js";

const MANUAL = { config: "resume: manual" };

describe("an interrupted run, where the configuration says resume: manual,", () => {
  it("continues only after resume_run, and repeats its model request byte for byte", async () => {
    const { host, standIn, anotherHost } = await setSandbox(
      [says(text("First."), call("effects__echo", { text: "x" })), hang(), says(text("Done."))],
      MANUAL,
    );
    const runId = await spawnRun(host);
    const cut = await standIn.arrived(2);
    process.kill(host.pid, "SIGKILL");
    const other = await anotherHost();
    expect(await endOf(other, runId)).toMatchObject({ status: "interrupted" });
    expect(standIn.requests).toHaveLength(2);
    expect(await resume(other, runId)).toMatchObject({ run_id: runId, was: "interrupted", status: "running" });
    expect(await endOf(other, runId)).toMatchObject({ status: "success", result: "Done.", turns_used: 2 });
    expect(standIn.requests[2]?.body).toEqual(cut.body);
  });

  it("gets the message after its history", async () => {
    const { host, standIn, anotherHost } = await setSandbox([hang(), says(text("Shorter."))], MANUAL);
    const runId = await spawnRun(host);
    await standIn.arrived(1);
    process.kill(host.pid, "SIGKILL");
    const other = await anotherHost();
    expect(await resumeToEnd(other, runId, { message: "Be brief." })).toMatchObject({ result: "Shorter." });
    expect(conversationIn(standIn.requests[1])).toEqual(["user: go", "user: Be brief."]);
  });

  it("in the middle of a turn's calls keeps, reports as unknown or makes each of them before the message", async () => {
    const { host, standIn, effects, slowStages, anotherHost } = await setSandbox(
      [
        says(
          call("effects__add_line", { text: "before" }),
          call("effects__slow_add_line", { text: "once", ms: 60_000 }),
          call("effects__add_line", { text: "after" }),
        ),
        says(text("I see.")),
      ],
      MANUAL,
    );
    const runId = await spawnRun(host);
    await until(() => slowStages().includes("started"));
    process.kill(host.pid, "SIGKILL");
    const run = await resumeToEnd(await anotherHost(), runId, { message: "Look first." });
    expect(run).toMatchObject({ status: "success", result: "I see." });
    expect(run.effects.map(({ outcome }) => outcome)).toEqual(["done", "unknown", "done"]);
    expect(effects()).toEqual(["before", "after"]);
    expect(slowStages()).toEqual(["started"]);
    expect(conversationIn(standIn.requests[1]).slice(-4)).toEqual([
      expect.stringContaining("added before"),
      naming("effects__slow_add_line", "unknown"),
      expect.stringContaining("added after"),
      "user: Look first.",
    ]);
  });

  it("in its last reply gets a turn like any other from more_turns", async () => {
    const { host, standIn, effects, anotherHost } = await setSandbox(
      [
        says(call("effects__add_line", { text: "one" })),
        hang(),
        says(call("effects__add_line", { text: "two" })),
        says(text("Both.")),
      ],
      MANUAL,
    );
    const runId = await spawnRun(host, { max_turns: 1 });
    await standIn.arrived(2);
    process.kill(host.pid, "SIGKILL");
    const other = await anotherHost();
    const run = await resumeToEnd(other, runId, { more_turns: 2 });
    expect(run).toMatchObject({ status: "success", result: "Both.", turns_used: 3 });
    expect(effects()).toEqual(["one", "two"]);
  });
});

describe("a run whose time was up", () => {
  const QUICK = { timeout_seconds: 5 };

  it("in a call that only reads makes it again", async () => {
    const { host, standIn, slowStages, anotherHost } = await setSandbox([
      says(call("effects__slow", { ms: 6_000 })),
      says(text("Read.")),
    ]);
    const first = await runToEnd(host, QUICK);
    expect(first).toMatchObject({ status: "timeout" });
    expect(slowStages()).toContain("started");
    const run = await resumeToEnd(await anotherHost(), first.run_id, { more_seconds: 60 });
    expect(run).toMatchObject({ status: "success", result: "Read." });
    expect(slowStages().filter((stage) => stage !== "cancelled")).toEqual(["started", "started", "finished"]);
    expect(answerTextIn(standIn.requests[1])).toContain("waited 6000 ms");
  });

  it("in a call that changes something does not make it again, and tells the agent", async () => {
    const { host, standIn, slowStages, anotherHost } = await setSandbox([
      says(call("effects__slow_add_line", { text: "x", ms: 60_000 })),
      says(text("Unclear.")),
    ]);
    const first = await runToEnd(host, QUICK);
    expect(slowStages()).toContain("started");
    const run = await resumeToEnd(await anotherHost(), first.run_id, { more_seconds: 20 });
    expect(run).toMatchObject({ status: "success", effects: [{ outcome: "unknown" }] });
    expect(slowStages().filter((stage) => stage === "started")).toHaveLength(1);
    expect(answerTextIn(standIn.requests[1])).toEqual(naming("effects__slow_add_line", "unknown"));
  });
});

it("a run blocked by on_unknown: stop makes the calls that it had not begun", async () => {
  const { host, standIn, effects, slowStages, anotherHost } = await setSandbox(
    [
      says(call("effects__slow_add_line", { text: "once", ms: 60_000 }), call("effects__add_line", { text: "after" })),
      says(text("Good.")),
    ],
    { config: "on_unknown: stop" },
  );
  const runId = await spawnRun(host);
  await until(() => slowStages().includes("started"));
  process.kill(host.pid, "SIGKILL");
  const other = await anotherHost();
  expect(await endOf(other, runId)).toMatchObject({ status: "blocked", error: { code: "outcome_unknown" } });
  expect(effects()).toEqual([]);
  expect(await resumeToEnd(other, runId, { message: "It did happen." })).toMatchObject({ status: "success" });
  expect(effects()).toEqual(["after"]);
  const last = standIn.requests.at(-1);
  expect(answerTextIn(last)).toEqual(naming("effects__slow_add_line", "unknown"));
  expect(conversationIn(last).at(-1)).toBe("user: It did happen.");
});
