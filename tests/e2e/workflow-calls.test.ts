/** Calls of a workflow itself, and the whole texts of answers: failures end the run, and no part of a text stands for all of it. */
import { describe, expect, it } from "vitest";
import { naming } from "../support/naming.js";
import { effectServer, rehearse, runScript, setBench, setHost } from "../support/rehearsals.js";
import { calls, completes, eventsOf, type Led, refusalsIn, shareSandbox, stepsOf } from "../support/workflows.js";

const sandbox = shareSandbox();
const ALL = { tools: ["*"] };

const say = (content: string, when?: string) => ({ action: "inject_message", content, ...(when ? { when } : {}) });
const callTool = (tool: string, args: object = {}, more: object = {}) => ({
  action: "call_tool",
  tool,
  arguments: args,
  ...more,
});
const only = (step: object, more: object = {}) => ({ steps: [{ name: "only", ...step }], ...more });
const toldIn = (led: Led) => led.said.filter((line) => line.startsWith("user: ")).map((line) => line.slice(6));

describe("a call of the workflow", () => {
  it.each([
    ["fails", callTool("effects__fail"), "it went wrong"],
    ["is refused", callTool("effects__add_line", { text: "not granted" }), "default policy"],
    ["names no tool", callTool("effects__nothing"), "effects__nothing"],
  ])("that %s ends the run as blocked with the reason, and nothing after it is done", async (_what, action, reason) => {
    const led = await sandbox.lead({ workflow: only({ on_enter: [action, say("never")] }), replies: [completes()] });
    expect(led.run).toMatchObject({ status: "blocked", turns_used: 0, error: { code: "workflow_call_failed" } });
    expect(led.run.error?.message).toEqual(naming(action.tool, "steps.only.on_enter.0", reason));
    expect(toldIn(led)).not.toContain("never");
  });

  it("of a run that is asked to go on is made again, where its failure had ended the run", async () => {
    const led = await sandbox.lead({
      workflow: only({ on_enter: [callTool("effects__fail")] }),
      replies: [completes()],
    });
    const { run_id } = led.run;
    await sandbox.host.call("resume_run", { run_id });
    const { structured } = await sandbox.host.call("wait_for_runs", { run_ids: [run_id], wait_seconds: 30 });
    expect(structured.runs).toMatchObject([{ status: "blocked", error: { code: "workflow_call_failed" } }]);
    expect(eventsOf(await sandbox.told(led.run), "workflow_call_started")).toHaveLength(2);
  });

  it("gives the variable the whole answer, also where the agent would get the beginning of it", async () => {
    const whole = `${"x".repeat(29_999)}y`;
    const led = await sandbox.lead({
      workflow: only({
        on_enter: [
          callTool("effects__echo", { text: whole }, { output_as: "said" }),
          callTool("effects__echo", { said: "{{ said }}" }, { output_as: "twice" }),
          say(
            "whole",
            'size(variables.said.text) > 30000 and variables.twice.contains("xy") and not variables.twice.contains("read_result")',
          ),
        ],
      }),
      replies: [completes()],
      args: ALL,
    });
    expect(toldIn(led).slice(2)).toEqual(["whole"]);
  });

  it("fails where the answer is longer than a variable holds", async () => {
    const action = callTool("effects__echo", { one: "{{ part }}", two: "{{ part }}" }, { output_as: "said" });
    const workflow = sandbox.put(only({ on_enter: [action] }, { variables: { part: "x".repeat(500_001) } }));
    rehearse(sandbox.bench, "too-long", [completes()]);
    const { structured } = await sandbox.spawn({ workflow, provider: "rehearsal", model: "too-long", ...ALL });
    expect(structured).toMatchObject({ status: "blocked", error: { code: "workflow_call_failed" } });
    expect(structured.error?.message).toEqual(naming("said", /\b1000000\b/));
  });
});

it("a condition sees the whole text of an answer of which the agent gets the beginning", async () => {
  const workflow = {
    steps: [
      { name: "one", transitions: [{ to: "two", when: 'tool_result.text.contains("the end") and args.of == "it"' }] },
      { name: "two" },
    ],
  };
  const long = ["effects__echo", { of: "it", text: `${"x".repeat(30_000)} the end` }] as const;
  const led = await sandbox.lead({ workflow, replies: [calls(long), completes()], args: ALL });
  expect(stepsOf(led)).toEqual(["one", "two"]);
  expect(led.said.join("\n")).not.toContain("the end");
});

describe("an exit condition", () => {
  it("that does not hold reaches the agent in the words of its message", async () => {
    const exits = [
      { type: "tool_succeeded", tool: "effects__read_lines", in_step: true, message: "look at {{ where }} first" },
      { type: "expression", when: "turn > 1", message: "not in the first turn" },
    ];
    const workflow = {
      variables: { where: "the lines" },
      steps: [{ name: "look" }, { name: "last", exit_conditions: exits }],
      exit_condition: { when: 'step == "last" and turn > 2', message: "not yet" },
    };
    const look = ["effects__read_lines"] as const;
    const goes = ["request_step", { to: "last" }] as const;
    const complete = ["complete", { result: "r", status: "success" }] as const;
    const led = await sandbox.lead({ workflow, replies: [calls(look, goes, complete), calls(look), completes()] });
    expect(refusalsIn(led)).toEqual([
      { tool: "complete", reason: "complete was refused: look at the lines first; not in the first turn; not yet" },
    ]);
    expect(led.run.status).toBe("success");
  });
});

describe("a list of tools of which no entry names a tool", () => {
  it("is refused with the near name, once the tools are known", async () => {
    const warm = await sandbox.lead({ workflow: null, replies: [calls(["effects__read_lines"]), { text: "warm" }] });
    expect(warm.run.status).toBe("success");
    rehearse(sandbox.bench, "none", [{ text: "never" }]);
    for (const [args, ...facts] of [
      [{ tools: ["effects__ad_line"] }, '"effects__ad_line"', '"effects__add_line"', "spawn_agent"],
      [{ tools: ["spawn_agent", "ask"] }, '"spawn_agent"', "built in", "max_depth", '"ask"', "every agent"],
      [{ tools: ["nobody__*", "Bash"] }, '"nobody__*"', "no shell"],
      [{ workflow: sandbox.put(only({ allowed_tools: ["effects__reads"] })) }, '"effects__reads"', '"only"'],
    ] as const) {
      const { isError, structured } = await sandbox.spawn({ provider: "rehearsal", model: "none", ...args });
      expect(isError).toBe(true);
      expect(structured.error).toMatchObject({ code: "unknown_tools", message: naming(...facts) });
    }
  });

  it("ends its run before the first request, where the tools were not known when it was started", async () => {
    const bench = setBench();
    const server = effectServer();
    bench.configure(`mcpServers: { cold: ${server}, colder: ${server}, workspace: { disabled: true } }`);
    rehearse(bench, "none", [{ text: "never" }]);
    bench.writeHome("workflows/lists.yaml", JSON.stringify(only({ allowed_tools: ["colder__read_line"] })));
    const host = await setHost(bench);
    for (const [args, ...facts] of [
      [{ tools: ["cold__ad_line"] }, '"cold__ad_line"', '"cold__add_line"', "spawn_agent"],
      [{ workflow: "lists", tools: ["*"] }, '"colder__read_line"', '"colder__read_lines"', '"only"'],
    ] as const) {
      const ended = await runScript(host, "none", args);
      expect(ended).toMatchObject({ status: "error", error: { code: "unknown_tools", message: naming(...facts) } });
      const { events } = (await host.call("get_run", { run_id: ended.run_id, view: "events" })).structured;
      expect(events.map(({ type }) => type)).toEqual(["run_created", "run_started", "run_finished"]);
      const again = await host.call("spawn_agent", { prompt: "go", provider: "rehearsal", model: "none", ...args });
      expect(again.structured.error).toMatchObject({ code: "unknown_tools", message: naming(...facts) }); // refused now
    }
  });

  it("is taken where another entry names one, or where it is empty on purpose", async () => {
    for (const tools of [["effects__ad_line", "read_only"], ["effects__ad_line", "effects__*"], []]) {
      const led = await sandbox.lead({ workflow: null, replies: [{ text: "so" }], args: { tools } });
      expect(led.run.status).toBe("success");
    }
  });
});
