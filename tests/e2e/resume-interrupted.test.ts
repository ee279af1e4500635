/** resume_run on runs whose process was killed or whose time was up, and on those that only a caller may take up. */
import { describe, expect, it } from "vitest";
import { call, says, setSandbox, text } from "../support/agents.js";
import { hang } from "../support/gemini-stand-in.js";
import { until } from "../support/host.js";
import { naming } from "../support/naming.js";
import {
  answerTextIn,
  conversationIn,
  endOf,
  resume,
  resumeToEnd,
  runToEnd,
  shareTwoHosts,
  spawnRun,
} from "../support/resuming.js";
import { shareHome } from "../support/shared-home.js";

describe("an interrupted run, where the configuration says resume: manual,", () => {
  const home = shareHome({ config: "resume: manual" });

  /** Begins a run on a host of its own and kills that at a time. */
  async function cutRun(args: Record<string, unknown>, time: () => Promise<unknown>): Promise<string> {
    const host = await home.open();
    const runId = await spawnRun(host, args);
    await time();
    process.kill(host.pid, "SIGKILL");
    expect(await endOf(home.host, runId)).toMatchObject({ status: "interrupted" });
    return runId;
  }

  it("continues only after resume_run, and repeats its model request byte for byte", async () => {
    const { host: other } = home;
    const { prompt, requests, arrived } = home.play([
      says(text("First."), call("effects__echo", { text: "x" })),
      hang(),
      says(text("Done.")),
    ]);
    const runId = await cutRun({ prompt }, () => arrived(2));
    const cut = await arrived(2);
    expect(requests()).toHaveLength(2);
    expect(await resume(other, runId)).toMatchObject({ run_id: runId, was: "interrupted", status: "running" });
    expect(await endOf(other, runId)).toMatchObject({ status: "success", result: "Done.", turns_used: 2 });
    expect(requests()[2]?.body).toEqual(cut.body);
  });

  it("gets the message after its history", async () => {
    const { prompt, requests, arrived } = home.play([hang(), says(text("Shorter."))]);
    const runId = await cutRun({ prompt }, () => arrived(1));
    const { next } = (await home.host.call("get_run", { run_id: runId })).structured.run;
    expect(next).toEqual(naming("resume is manual", `resume_run(run_id: "${runId}")`));
    expect(await home.host.call("resume_run", { run_id: runId, message: " \n" })).toMatchObject({
      isError: true,
      structured: { error: { code: "invalid_arguments", message: naming("message", "empty") } },
    });
    expect(await resumeToEnd(home.host, runId, { message: "Be brief." })).toMatchObject({ result: "Shorter." });
    expect(conversationIn(requests()[1])).toEqual([`user: ${prompt}`, "user: Be brief."]);
  });

  it("in the middle of a turn's calls keeps, reports as unknown or makes each of them before the message", async () => {
    const { slowStages, effects } = home;
    const { prompt, requests } = home.play([
      says(
        call("effects__add_line", { text: "middle: before" }),
        call("effects__slow_add_line", { text: "middle: once", ms: 60_000, note: "middle" }),
        call("effects__add_line", { text: "middle: after" }),
      ),
      says(text("I see.")),
    ]);
    const runId = await cutRun({ prompt }, () => until(() => slowStages("middle").includes("started")));
    const run = await resumeToEnd(home.host, runId, { message: "Look first." });
    expect(run).toMatchObject({ status: "success", result: "I see." });
    expect(run.effects.map(({ outcome }) => outcome)).toEqual(["done", "unknown", "done"]);
    expect(effects("middle: ")).toEqual(["middle: before", "middle: after"]);
    expect(slowStages("middle")).toEqual(["started"]);
    expect(conversationIn(requests()[1]).slice(-4)).toEqual([
      expect.stringContaining("added middle: before"),
      naming("effects__slow_add_line", "unknown"),
      expect.stringContaining("added middle: after"),
      "user: Look first.",
    ]);
  });

  it("in its last reply gets a turn like any other from more_turns", async () => {
    const { prompt, arrived } = home.play([
      says(call("effects__add_line", { text: "last: one" })),
      hang(),
      says(call("effects__add_line", { text: "last: two" })),
      says(text("Both.")),
    ]);
    const runId = await cutRun({ prompt, max_turns: 1 }, () => arrived(2));
    const run = await resumeToEnd(home.host, runId, { more_turns: 2 });
    expect(run).toMatchObject({ status: "success", result: "Both.", turns_used: 3 });
    expect(home.effects("last: ")).toEqual(["last: one", "last: two"]);
  });
});

describe("a run whose time was up", () => {
  const home = shareTwoHosts();
  const QUICK = { timeout_seconds: 5 };

  it("in a call that only reads makes it again", async () => {
    const slowStages = () => home.slowStages("reads");
    const { prompt, requests } = home.play([
      says(call("effects__slow", { ms: 6_000, note: "reads" })),
      says(text("Read.")),
    ]);
    const first = await runToEnd(home.one, { ...QUICK, prompt });
    expect(first).toMatchObject({ status: "timeout" });
    expect(slowStages()).toContain("started");
    const run = await resumeToEnd(home.other, first.run_id, { more_seconds: 60 });
    expect(run).toMatchObject({ status: "success", result: "Read." });
    expect(slowStages().filter((stage) => stage !== "cancelled")).toEqual(["started", "started", "finished"]);
    expect(answerTextIn(requests()[1])).toContain("waited 6000 ms");
  });

  it("in a call that changes something does not make it again, and tells the agent", async () => {
    const slowStages = () => home.slowStages("changes");
    const { prompt, requests } = home.play([
      says(call("effects__slow_add_line", { text: "x", ms: 60_000, note: "changes" })),
      says(text("Unclear.")),
    ]);
    const first = await runToEnd(home.one, { ...QUICK, prompt });
    expect(slowStages()).toContain("started");
    const run = await resumeToEnd(home.other, first.run_id, { more_seconds: 20 });
    expect(run).toMatchObject({ status: "success", effects: [{ outcome: "unknown" }] });
    expect(slowStages().filter((stage) => stage === "started")).toHaveLength(1);
    expect(answerTextIn(requests()[1])).toEqual(naming("effects__slow_add_line", "unknown"));
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
