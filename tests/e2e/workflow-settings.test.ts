/** What a workflow says as a whole takes effect: its settings, a step's own provider and model, what it extends. */
import { describe, expect, it } from "vitest";
import { call, says, setSandbox, text } from "../support/agents.js";
import { naming } from "../support/naming.js";
import { rehearse, type ScriptedReply } from "../support/rehearsals.js";
import {
  calls,
  completes,
  entered,
  eventsOf,
  goes,
  type Led,
  refusalsIn,
  refused,
  shareSandbox,
  stepsOf,
} from "../support/workflows.js";

const sandbox = shareSandbox("limits: { max_turns: 9, timeout_seconds: 90 }");

const look = ["effects__read_lines"] as const;
const only = (step: object, more: object = {}) => ({ steps: [{ name: "only", ...step }], ...more });
const two = { steps: [{ name: "first" }, { name: "second" }] };
/** No provider and no model of the caller's. */
const unnamed = { provider: undefined, model: undefined };

const modelsIn = (led: Led) => eventsOf(led, "model_replied").map(({ model }) => model);

function script(name: string, replies: readonly ScriptedReply[]): string {
  rehearse(sandbox.bench, name, replies);
  return name;
}

describe("settings", () => {
  it("provider and model are those of the run where nobody before it names others", async () => {
    const settings = { provider: "rehearsal", model: script("of-workflow", [completes()]) };
    const led = await sandbox.lead({ workflow: only({}, { settings }), replies: [], args: unnamed });
    expect(led.run).toMatchObject({ status: "success", provider: "rehearsal", model: "of-workflow" });
    const other = await sandbox.lead({
      workflow: only({}, { settings }),
      replies: [completes({ result: "the caller's" })],
    });
    expect(other.run.result).toBe("the caller's");
  });

  it("allow_provider_override: false refuses a caller who names another", async () => {
    const settings = { provider: "rehearsal", model: script("fixed", [completes()]), allow_provider_override: false };
    const workflow = sandbox.put(only({}, { settings }));
    for (const args of [{ provider: "rehearsal" }, { model: "other" }]) {
      const { isError, structured } = await sandbox.spawn({ workflow, ...args });
      expect(isError).toBe(true);
      expect(structured.error.message).toEqual(naming(`workflow ${workflow}`, "allow_provider_override"));
    }
    expect((await sandbox.spawn({ workflow })).structured).toMatchObject({ status: "success", model: "fixed" });
  });

  it("max_turns and timeout_seconds end the run; the caller's own stand above them", async () => {
    const replies = [{ ...calls(look), repeat: 3 }, completes()];
    const turns = only({}, { settings: { max_turns: 2 } });
    const short = await sandbox.lead({ workflow: turns, replies });
    expect(short.run).toMatchObject({ status: "partial", turns_used: 2, error: { code: "max_turns" } });
    const long = await sandbox.lead({ workflow: turns, replies, args: { max_turns: 5 } });
    expect(long.run).toMatchObject({ status: "success", turns_used: 4 });
    const late = await sandbox.lead({
      workflow: only({}, { settings: { timeout_seconds: 0.3 } }),
      replies: [{ text: "Hm.", delay_ms: 10_000 }],
    });
    expect(late.run).toMatchObject({ status: "timeout", error: { code: "timeout" } });
  });

  it("output_schema is asked of the end, and a caller's stands in its place", async () => {
    const settings = { output_schema: { type: "object", required: ["n"], properties: { n: { type: "integer" } } } };
    const workflow = only({}, { settings });
    const replies = [completes({ data: { n: "x" } }), completes({ data: { n: 1 } })];
    const led = await sandbox.lead({ workflow, replies });
    expect(refusalsIn(led)).toEqual([refused("complete", "output schema", /\bdata\b/)]);
    expect(led.run).toMatchObject({ status: "success", data: { n: 1 } });
    const own = await sandbox.lead({ workflow, replies, args: { output_schema: { type: "object" } } });
    expect(own.run).toMatchObject({ status: "success", data: { n: "x" } });
  });

  it("required_tools must have run successfully before a success", async () => {
    const settings = { required_tools: ["effects__read_*", "effects__fail"] };
    const led = await sandbox.lead({
      workflow: only({}, { settings }),
      replies: [
        calls(["effects__fail"], ["complete", { result: "x", status: "success" }]),
        calls(look),
        completes(),
        completes({ status: "blocked" }),
      ],
    });
    expect(refusalsIn(led)).toEqual([
      refused("complete", "effects__read_*", "effects__fail"),
      refused("complete", "effects__fail"),
    ]);
    expect(refusalsIn(led)[1]?.reason).not.toContain("effects__read_*");
    expect(led.run.status).toBe("blocked");
  });

  it.each([
    [1, "once"],
    [2, "2 times"],
  ])("max_refusals: %i blocks the run when complete was refused %s", async (max_refusals) => {
    const led = await sandbox.lead({
      workflow: { ...two, settings: { max_refusals } },
      replies: [{ ...completes(), repeat: 5 }],
    });
    expect(led.run).toMatchObject({ status: "blocked", turns_used: max_refusals });
    expect(refusalsIn(led)).toHaveLength(max_refusals);
    expect(led.run.error).toEqual({ code: "complete_refused", message: naming("complete", '"first"') });
  });

  it("that are left out come from the configuration", async () => {
    const led = await sandbox.lead({
      workflow: only({}),
      replies: [{ ...calls(look), repeat: 4 }, { ...calls(["effects__fail"]), repeat: 5 }, { text: "x" }],
    });
    expect(led.run).toMatchObject({ status: "partial", turns_used: 9 });
  });
});

describe("provider and model of a step", () => {
  it("two scripts play a run by turns, each from its beginning", async () => {
    const settings = {
      provider: "rehearsal",
      model: script("main-script", [goes("second"), completes({ result: "main" })]),
    };
    const model = script("step-script", [{ text: "I only look." }, goes("third")]);
    const steps = [{ name: "first" }, { name: "second", provider: "rehearsal", model }, { name: "third" }];
    const led = await sandbox.lead({ workflow: { steps, settings }, replies: [], args: unnamed });
    expect(led.run).toMatchObject({ status: "success", result: "main", model: "main-script" });
    expect(modelsIn(led)).toEqual(["main-script", "step-script", "step-script", "main-script"]);
    expect(stepsOf(led)).toEqual(["first", "second", "third"]);
  });

  it("a caller who names a model names it for all steps", async () => {
    const steps = [{ name: "first" }, { name: "second", model: script("ignored", [completes()]) }];
    const led = await sandbox.lead({
      workflow: { steps },
      replies: [goes("second"), completes({ result: "the caller's" })],
    });
    expect(led.run).toMatchObject({ status: "success", result: "the caller's" });
    expect(new Set(modelsIn(led)).size).toBe(1);
  });

  it("two Gemini models take turns: neither is sent the other's thought signatures", async () => {
    const steps = [{ name: "first" }, { name: "second", model: "gemini-3-pro" }, { name: "third" }];
    const { host, standIn, bench } = await setSandbox([
      says(text("First."), call("effects__read_lines"), call("request_step", { to: "second" })),
      says(call("effects__read_lines"), call("request_step", { to: "third" })),
      says(call("complete", { result: "all", status: "success" })),
    ]);
    bench.write("../home/workflows/relay.yaml", JSON.stringify({ steps }));
    const { structured } = await host.call("spawn_agent", { prompt: "go", workflow: "relay", wait_seconds: 30 });
    expect(structured).toMatchObject({ status: "success", result: "all" });
    expect(standIn.requests.map(({ model }) => model)).toEqual([
      "gemini-3.8-flash",
      "gemini-3-pro",
      "gemini-3.8-flash",
    ]);
    const signaturesIn = (index: number) =>
      (standIn.requests[index]?.body.contents ?? [])
        .flatMap(({ parts }) => parts)
        .flatMap(({ thoughtSignature }) => thoughtSignature ?? []);
    expect(signaturesIn(1)).toEqual(["skip_thought_signature_validator"]);
    expect(signaturesIn(2)).toEqual(["signature of call_1", "skip_thought_signature_validator"]);
  });

  it("the provider of a step answers in it, and the conversation continues from one provider to the other", async () => {
    const steps = [{ name: "first" }, { name: "second", provider: "rehearsal", model: "helper" }, { name: "third" }];
    const { host, standIn, bench } = await setSandbox([
      says(call("request_step", { to: "second" })),
      says(call("complete", { result: "back", status: "success" })),
    ]);
    bench.write("../home/workflows/mixed.yaml", JSON.stringify({ steps }));
    rehearse(bench, "helper", [calls(look, ["request_step", { to: "third" }])]);
    const { structured } = await host.call("spawn_agent", { prompt: "go", workflow: "mixed", wait_seconds: 30 });
    expect(structured).toMatchObject({ status: "success", result: "back", provider: "gemini", turns_used: 3 });
    expect(JSON.stringify(standIn.requests[1]?.body.contents)).toContain("effects__read_lines");
  });

  it.each([
    ["provider", { provider: "gemni" }, ['"gemni"', '"gemini"']],
    ["model", { provider: "rehearsal", model: "no-such-script" }, ['"no-such-script"']],
  ])("spawn_agent refuses an unknown %s of a step with its place, and writes nothing", async (_what, wrong, facts) => {
    const settings = { provider: "rehearsal", model: script("fine", [completes()]) };
    const workflow = sandbox.put({ settings, steps: [{ name: "first" }, { name: "second", ...wrong }] });
    const before = (await sandbox.host.call("list_runs")).structured.runs.length;
    const { isError, structured } = await sandbox.spawn({ workflow });
    expect(isError).toBe(true);
    expect(structured.error.message).toEqual(naming(new RegExp(`workflows/${workflow}\\.yaml:1:\\d+: `), ...facts));
    expect((await sandbox.host.call("list_runs")).structured.runs).toHaveLength(before);
  });
});

describe("extends", () => {
  it("takes what the parent says, merges maps and steps by name, and replaces the rest", async () => {
    const parent = sandbox.put({
      variables: { a: 1, b: 1 },
      settings: { max_turns: 3, required_tools: ["effects__fail"] },
      steps: [
        {
          name: "first",
          instructions: "From the parent.",
          transitions: [{ to: "last", when: "step_action_count > 5" }],
        },
        { name: "last", allowed_tools: [] },
      ],
    });
    const led = await sandbox.lead({
      workflow: {
        extends: parent,
        variables: { b: 2 },
        settings: { required_tools: ["effects__read_lines"] },
        steps: [
          { name: "first", transitions: [{ to: "middle", when: "step_action_count > 0" }] },
          { name: "middle", instructions: "{{ a }} {{ b }}", transitions: [{ to: "last" }] },
        ],
      },
      replies: [calls(look), calls(look), completes()],
    });
    expect(led.said).toContainEqual(entered("first", "From the parent."));
    expect(led.said).toContainEqual(entered("middle", "1 2"));
    expect(stepsOf(led)).toEqual(["first", "middle", "last"]);
    expect(refusalsIn(led)).toEqual([refused("effects__read_lines", '"last"')]);
    expect(led.run).toMatchObject({ status: "success", turns_used: 3 });
  });

  it("a run keeps the definition that it started with; the next one has the changed file", async () => {
    const name = sandbox.put(only({ instructions: "Before." }));
    const replies = [{ ...calls(look), delay_ms: 700 }, completes()];
    rehearse(sandbox.bench, "keeper", replies);
    const asked = { workflow: name, provider: "rehearsal", model: "keeper" };
    const first = (await sandbox.spawn({ ...asked, wait_seconds: 0 })).structured.run_id;
    sandbox.put({ ...only({ instructions: "After.", allowed_tools: [] }) }, name);
    const [before] = (await sandbox.host.call("wait_for_runs", { run_ids: [first], wait_seconds: 30 })).structured.runs;
    expect(before).toMatchObject({ status: "success", tool_calls_count: 1 });
    const after = await sandbox.told((await sandbox.spawn(asked)).structured);
    expect(after.said).toContainEqual(entered("only", "After."));
    expect(after.run).toMatchObject({ tool_calls_count: 0 });
  });
});
