/** resume_run on runs that succeeded: a new run, by another process, that shares their history. */
import { describe, expect, it } from "vitest";
import { call, says, text } from "../support/agents.js";
import {
  answerTextIn,
  conversationIn,
  endOf,
  resume,
  resumeToEnd,
  runToEnd,
  shareTwoHosts,
  toolsIn,
} from "../support/resuming.js";

const sandbox = shareTwoHosts();

describe("a new run continues a success", () => {
  it("that shares its history, as often as asked, and from there again", async () => {
    const { prompt, requests } = sandbox.play([
      says(call("effects__add_line", { text: "chain" })),
      says(text("One.")),
      says(text("Two.")),
      says(text("Two again.")),
      says(call("effects__read_lines")),
      says(text("Three.")),
    ]);
    const first = await runToEnd(sandbox.one, { prompt });
    expect(first).toMatchObject({ status: "success", result: "One." });
    const second = await resumeToEnd(sandbox.other, first.run_id, { message: "And two?" });
    expect(second).toMatchObject({
      status: "success",
      result: "Two.",
      title: "And two?",
      continues: first.run_id,
      turns_used: 1,
      effects: [],
    });
    expect(second.run_id).not.toBe(first.run_id);
    const base = conversationIn(requests()[1]);
    expect(conversationIn(requests()[2])).toEqual([...base, "model: One.", "user: And two?"]);

    expect(await resumeToEnd(sandbox.one, first.run_id, { message: "Once more." })).toMatchObject({
      result: "Two again.",
      continues: first.run_id,
    });
    expect(conversationIn(requests()[3])).toEqual([...base, "model: One.", "user: Once more."]);

    const third = await resumeToEnd(sandbox.one, second.run_id, { message: "And three?" });
    expect(third).toMatchObject({ result: "Three.", continues: second.run_id, turns_used: 2 });
    expect(conversationIn(requests()[4])).toEqual([
      ...base,
      "model: One.",
      "user: And two?",
      "model: Two.",
      "user: And three?",
    ]);
    expect(await sandbox.one.call("get_run", { run_id: first.run_id })).toMatchObject({
      structured: { run: { status: "success", result: "One.", turns_used: 2 } },
    });
    const { structured } = await sandbox.one.call("get_run", { run_id: third.run_id, view: "messages" });
    expect(structured.messages).toMatchObject([
      { text: "And three?" },
      { tool_calls: [{ tool: "effects__read_lines" }] },
      { role: "tool" },
      { text: "Three." },
    ]);
  });

  it("with complete answered, limits of its own, and the large results of the first", async () => {
    const { prompt, requests } = sandbox.play([
      says(call("effects__big", { n: 30_000 })),
      says(call("complete", { result: "Large." })),
      says(call("read_result", { id: "r1.0", offset: 29_000 })),
      says(text("Seen.")),
    ]);
    const first = await runToEnd(sandbox.one, { prompt, max_turns: 2 });
    expect(first).toMatchObject({ status: "success", result: "Large." });
    const next = await resumeToEnd(sandbox.other, first.run_id, { message: "Read its end." });
    expect(next).toMatchObject({ status: "success", result: "Seen." });
    expect(answerTextIn(requests()[3])).toContain(`${"x".repeat(1_000)}\\n[end]`);
  });

  it("with its workflow, in the step where it was", async () => {
    const name = sandbox.putWorkflow({
      name: "stairs",
      steps: [
        { name: "low", allowed_tools: ["effects__read_lines"] },
        {
          name: "high",
          allowed_tools: ["effects__add_line"],
          on_enter: [{ action: "set_variable", name: "seen", value: 1 }],
        },
      ],
    });
    const { prompt, requests } = sandbox.play([
      says(call("request_step", { to: "high" })),
      says(call("complete", { result: "Up." })),
      says(call("effects__add_line", { text: "stairs" })),
      says(call("complete", { result: "Still up." })),
    ]);
    const first = await runToEnd(sandbox.one, { prompt, workflow: name });
    expect(first).toMatchObject({ status: "success", step: "high" });
    const { run_id } = await resume(sandbox.other, first.run_id, { message: "Write." });
    const { structured } = await sandbox.one.call("get_run", { run_id, view: "access" });
    expect(structured).toMatchObject({ step: "high" });
    expect(await endOf(sandbox.one, run_id)).toMatchObject({ status: "success", result: "Still up.", step: "high" });
    expect(sandbox.effects("stairs")).toEqual(["stairs"]);
    expect(toolsIn(requests()[2])).toEqual(toolsIn(requests()[1]));
  });

  it("also where the workflow itself had ended it", async () => {
    const name = sandbox.putWorkflow({
      name: "short",
      steps: [
        { name: "work", transitions: [{ to: "over", when: "total_action_count > 0" }] },
        { name: "over", on_enter: [{ action: "end_run", result: "By rule." }] },
      ],
    });
    const { prompt } = sandbox.play([
      says(call("effects__read_lines"), call("complete", { result: "too early" })),
      says(call("complete", { result: "Now I say it." })),
    ]);
    const first = await runToEnd(sandbox.one, { prompt, workflow: name });
    expect(first).toMatchObject({ status: "success", result: "By rule." });
    const next = await resumeToEnd(sandbox.other, first.run_id, { message: "Say it yourself." });
    expect(next).toMatchObject({ status: "success", result: "Now I say it." });
  });
});
