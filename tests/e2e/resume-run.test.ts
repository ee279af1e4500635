/** resume_run on runs that have ended before they were done, by another process than began them. */
import { describe, expect, it } from "vitest";
import { call, says, text } from "../support/agents.js";
import { hang, status } from "../support/gemini-stand-in.js";
import { until } from "../support/host.js";
import { naming } from "../support/naming.js";
import { rehearse, setHost } from "../support/rehearsals.js";
import {
  answerTextIn,
  conversationIn,
  endOf,
  eventTypes,
  resumeToEnd,
  runToEnd,
  shareTwoHosts,
  spawnRun,
  toolsIn,
} from "../support/resuming.js";

/** The message that tells an agent how its run had ended. */
const notice = (status: string) => naming(/^user: /, new RegExp(`\\b${status}\\b`));
const sandbox = shareTwoHosts();

describe("a partial run", () => {
  const SHORT = { max_turns: 1 };

  it("whose turns ran out gets its tools back from more_turns", async () => {
    const { prompt, requests } = sandbox.play([
      says(call("effects__add_line", { text: "turns one" })),
      says(text("So far one.")),
      says(call("effects__add_line", { text: "turns two" })),
      says(text("Both.")),
    ]);
    const first = await runToEnd(sandbox.one, { prompt, ...SHORT });
    expect(first).toMatchObject({ status: "partial", result: "So far one." });
    const refused = await sandbox.other.call("resume_run", { run_id: first.run_id });
    expect(refused).toMatchObject({ isError: true, text: naming("more_turns") });
    const run = await resumeToEnd(sandbox.other, first.run_id, { more_turns: 2 });
    expect(run).toMatchObject({ run_id: first.run_id, status: "success", result: "Both.", turns_used: 3, error: null });
    expect(sandbox.effects("turns")).toEqual(["turns one", "turns two"]);
    expect(toolsIn(requests()[1])).toEqual(["complete"]);
    expect(toolsIn(requests()[2])).toEqual(toolsIn(requests()[0]));
    expect(conversationIn(requests()[2]).slice(-3)).toEqual([
      naming(/^user: /, "last"),
      "model: So far one.",
      notice("partial"),
    ]);
    expect((await eventTypes(sandbox.other, first.run_id)).filter((type) => type === "run_finished")).toHaveLength(2);
  });

  it("that summed up with complete has an answer to that call before the next request", async () => {
    const { prompt, requests } = sandbox.play([
      says(call("effects__read_lines")),
      says(call("complete", { result: "Half." })),
      says(text("Whole.")),
    ]);
    const first = await runToEnd(sandbox.one, { prompt, ...SHORT });
    expect(first).toMatchObject({ status: "partial", result: "Half." });
    const run = await resumeToEnd(sandbox.other, first.run_id, { more_turns: 1, message: "Go on." });
    expect(run).toMatchObject({ status: "success", result: "Whole." });
    expect(conversationIn(requests()[2]).slice(-4)).toEqual([
      "call complete",
      expect.stringMatching(/^answer complete: /),
      notice("partial"),
      "user: Go on.",
    ]);
  });

  it("that called more than complete in its last reply learns that the other call was not made", async () => {
    const { prompt, requests } = sandbox.play([
      says(call("effects__read_lines")),
      says(call("effects__add_line", { text: "late" }), call("complete", { result: "Half." })),
      says(text("Whole.")),
    ]);
    const first = await runToEnd(sandbox.one, { prompt, ...SHORT });
    const run = await resumeToEnd(sandbox.other, first.run_id, { more_turns: 1 });
    expect(run).toMatchObject({ status: "success", result: "Whole." });
    expect(sandbox.effects("late")).toEqual([]);
    expect(answerTextIn(requests()[2])).toContain("effects__add_line");
  });

  it("that called itself partial continues without more turns, with a message or without", async () => {
    const { prompt, requests } = sandbox.play([
      says(call("complete", { result: "A part.", status: "partial" })),
      says(call("complete", { result: "More.", status: "partial" })),
      says(text("All.")),
    ]);
    const { run_id, status: was } = await runToEnd(sandbox.one, { prompt });
    expect(was).toBe("partial");
    expect(await resumeToEnd(sandbox.other, run_id, { message: "The rest too." })).toMatchObject({ result: "More." });
    expect(await resumeToEnd(sandbox.one, run_id)).toMatchObject({ status: "success", result: "All.", turns_used: 3 });
    expect(conversationIn(requests()[2]).filter((line) => line.startsWith("user: "))).toEqual([
      `user: ${prompt}`,
      notice("partial"),
      "user: The rest too.",
      notice("partial"),
    ]);
  });
});

it("a run may get more time than a timer of the system can measure", async () => {
  const week = 7 * 24 * 3600;
  const { prompt } = sandbox.play((n) =>
    n <= 4 ? says(call("complete", { result: "Not yet.", status: "partial" })) : says(text("Done.")),
  );
  const { run_id } = await runToEnd(sandbox.one, { prompt });
  for (let time = 1; time <= 3; time++)
    expect(await resumeToEnd(sandbox.other, run_id, { more_seconds: week })).toMatchObject({ status: "partial" });
  expect(await resumeToEnd(sandbox.other, run_id, { more_seconds: week })).toMatchObject({ result: "Done." });
});

describe("a run whose time was up in a model request", () => {
  it("asks again after more_seconds", async () => {
    const { prompt, requests } = sandbox.play([hang(), says(text("In time."))]);
    const first = await runToEnd(sandbox.one, { prompt, timeout_seconds: 1 });
    expect(first).toMatchObject({ status: "timeout" });
    const refused = await sandbox.other.call("resume_run", { run_id: first.run_id });
    expect(refused).toMatchObject({ isError: true, text: naming("more_seconds") });
    const run = await resumeToEnd(sandbox.other, first.run_id, { more_seconds: 20 });
    expect(run).toMatchObject({ status: "success", result: "In time.", turns_used: 1 });
    expect(conversationIn(requests().at(-1))).toEqual([`user: ${prompt}`, notice("timeout")]);
  });
});

describe("a run that met an error", () => {
  it("of its provider repeats its request", async () => {
    const { prompt, requests } = sandbox.play([
      says(call("effects__read_lines")),
      status(404),
      says(text("There again.")),
    ]);
    const first = await runToEnd(sandbox.one, { prompt });
    expect(first).toMatchObject({ status: "error" });
    const run = await resumeToEnd(sandbox.other, first.run_id);
    expect(run).toMatchObject({ status: "success", result: "There again.", error: null });
    expect(conversationIn(requests()[2])).toEqual([...conversationIn(requests()[1]), notice("error")]);
  });

  it("of its script plays the replies that were added to it", async () => {
    rehearse(sandbox.bench, "grows", [{ calls: [{ tool: "effects__read_lines" }] }]);
    const first = await runToEnd(sandbox.one, { provider: "rehearsal", model: "grows" });
    expect(first).toMatchObject({ status: "error", error: { code: "script_ended" } });
    expect(await resumeToEnd(sandbox.other, first.run_id)).toMatchObject({ error: { code: "script_ended" } });
    rehearse(sandbox.bench, "grows", [{ calls: [{ tool: "effects__read_lines" }] }, { text: "more" }]);
    expect(await resumeToEnd(sandbox.other, first.run_id)).toMatchObject({ status: "success", result: "more" });
  });
});

describe("a blocked run", () => {
  const DATA = { output_schema: { type: "object", properties: { n: { type: "number" } }, required: ["n"] } };

  it("that called itself blocked continues after a message", async () => {
    const { prompt, requests } = sandbox.play([
      says(call("complete", { result: "No key.", status: "blocked" })),
      says(text("Now it works.")),
    ]);
    const { run_id, status: was } = await runToEnd(sandbox.one, { prompt });
    expect(was).toBe("blocked");
    const run = await resumeToEnd(sandbox.other, run_id, { message: "The key is there now." });
    expect(run).toMatchObject({ status: "success", result: "Now it works." });
    expect(conversationIn(requests()[1]).at(-1)).toBe("user: The key is there now.");
  });

  it("for repeating a call starts to count anew", async () => {
    const { prompt } = sandbox.play((n) => (n <= 12 ? says(call("effects__fail")) : says(text("I give up on it."))));
    const first = await runToEnd(sandbox.one, { prompt });
    expect(first).toMatchObject({ status: "blocked", error: { code: "repeated_call" } });
    const run = await resumeToEnd(sandbox.other, first.run_id, { message: "Try something else." });
    expect(run).toMatchObject({ status: "success", result: "I give up on it." });
  });

  it("whose complete was refused too often has as many attempts again", async () => {
    const { prompt } = sandbox.play((n) =>
      says(call("complete", n < 6 ? { result: "no data" } : { result: "ok", data: { n } })),
    );
    const first = await runToEnd(sandbox.one, { prompt, ...DATA });
    expect(first).toMatchObject({ status: "blocked", error: { code: "complete_refused" } });
    expect(await resumeToEnd(sandbox.other, first.run_id)).toMatchObject({ status: "success", data: { n: 6 } });
  });

  it("that answered without complete too often has as many attempts again", async () => {
    const { prompt } = sandbox.play((n) =>
      n < 8 ? says(text("Here you are.")) : says(call("complete", { result: "ok", data: { n } })),
    );
    const first = await runToEnd(sandbox.one, { prompt, ...DATA });
    expect(first).toMatchObject({ status: "blocked", error: { code: "premature_stop" } });
    expect(await resumeToEnd(sandbox.other, first.run_id)).toMatchObject({ status: "success", data: { n: 8 } });
  });

  it("by its workflow does not end again at once", async () => {
    const name = sandbox.putWorkflow({
      name: "gate",
      steps: [{ name: "only", on_enter: [{ action: "end_run", status: "blocked", result: "closed" }] }],
    });
    const { prompt, requests } = sandbox.play([says(call("complete", { result: "open" }))]);
    const first = await runToEnd(sandbox.one, { prompt, workflow: name });
    expect(first).toMatchObject({ status: "blocked", result: "closed" });
    expect(requests()).toHaveLength(0);
    expect(await resumeToEnd(sandbox.other, first.run_id)).toMatchObject({ status: "success", result: "open" });
  });
});

describe("resume_run refuses in one sentence", () => {
  const refusal = async (runId: string, args: Record<string, unknown> = {}) => {
    const { isError, structured, text: said } = await sandbox.other.call("resume_run", { run_id: runId, ...args });
    return { isError, code: structured.error?.code, said };
  };

  it("a success without a message", async () => {
    const { prompt } = sandbox.play([says(text("Yes."))]);
    const { run_id } = await runToEnd(sandbox.one, { prompt });
    expect(await refusal(run_id, { more_turns: 1 })).toMatchObject({
      isError: true,
      code: "not_resumable",
      said: naming(run_id, "success", "message"),
    });
  });

  it("a run at work, and a cancelled one", async () => {
    const { prompt } = sandbox.play([hang()]);
    const runId = await spawnRun(sandbox.one, { prompt });
    await until(
      async () => (await sandbox.other.call("get_run", { run_id: runId })).structured.run.status === "running",
    );
    expect(await refusal(runId, { message: "Hurry." })).toMatchObject({
      code: "not_resumable",
      said: naming(runId, "running", "wait_for_runs"),
    });
    await sandbox.other.call("cancel_run", { run_id: runId });
    expect(await refusal(runId, { message: "Go on." })).toMatchObject({
      code: "not_resumable",
      said: naming(runId, "cancelled", "spawn_agent"),
    });
    expect(await eventTypes(sandbox.one, runId)).not.toContain("run_resumed");
  });

  it("an unknown id, and arguments that are not valid", async () => {
    expect(await refusal("run_nobody")).toMatchObject({ isError: true, code: "unknown_run" });
    expect(await refusal("run_nobody", { more_turns: 0 })).toMatchObject({ isError: true, code: "invalid_arguments" });
    expect(await refusal("run_nobody", { more_money: 1 })).toMatchObject({ isError: true, code: "invalid_arguments" });
  });

  it("a run of another project, and one whose provider is not there", async () => {
    const { prompt } = sandbox.play([
      says(call("complete", { result: "Half.", status: "partial" })),
      says(text("All.")),
    ]);
    const { run_id } = await runToEnd(sandbox.one, { prompt });
    const elsewhere = await setHost(sandbox.bench, { cwd: sandbox.bench.root });
    const far = await elsewhere.call("resume_run", { run_id });
    expect(far).toMatchObject({ isError: true, structured: { error: { code: "other_project" } } });
    expect(far.text).toContain(sandbox.bench.project);
    const keyless = await setHost(sandbox.bench);
    const without = await keyless.call("resume_run", { run_id });
    expect(without).toMatchObject({ isError: true, structured: { error: { code: "missing_provider" } } });
    expect(without.text).toContain("GEMINI_API_KEY");
    expect(await resumeToEnd(sandbox.other, run_id)).toMatchObject({ status: "success", result: "All." });
  });

  it("a run that waits for a slot", async () => {
    const { prompt } = sandbox.play(() => hang());
    const ids = await Promise.all(Array.from({ length: 9 }, () => spawnRun(sandbox.one, { prompt })));
    const { structured } = await sandbox.other.call("list_runs", { status: "pending" });
    const [waits] = structured.runs;
    expect(await refusal(waits?.run_id ?? "", { message: "Now." })).toMatchObject({
      code: "not_resumable",
      said: naming("pending", "wait_for_runs"),
    });
    for (const run_id of ids) await sandbox.other.call("cancel_run", { run_id });
  });
});

it("one of two processes that resume a run at once resumes it, and the other is refused", async () => {
  for (let round = 1; round <= 5; round++) {
    let release = () => {};
    const bothAnswered = new Promise<void>((settle) => {
      release = settle;
    });
    const { prompt, requests } = sandbox.play(async (n) => {
      if (n === 1) return says(call("complete", { result: "Half.", status: "partial" }));
      await bothAnswered; // a run that had ended by then could be resumed once more
      return says(text("All."));
    });
    const { run_id } = await runToEnd(sandbox.one, { prompt });
    const both = [sandbox.one, sandbox.other].map((host) => host.call("resume_run", { run_id, message: "Go on." }));
    const answers = await Promise.all(both);
    release();
    const lost = answers.filter(({ isError }) => isError);
    expect(lost).toHaveLength(1);
    expect(lost[0]?.structured.error.code).toBe("not_resumable");
    expect(lost[0]?.text.trim().split("\n")).toHaveLength(1);
    expect(await endOf(sandbox.one, run_id)).toMatchObject({ status: "success", result: "All." });
    expect(requests()).toHaveLength(2);
  }
});
