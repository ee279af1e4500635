/** What an agent's own agents may do: at most what the agent itself may, where it stands. One slot serves all of it. */
import { beforeAll, describe, expect, it } from "vitest";
import { naming } from "../support/naming.js";
import { rehearse, type ScriptedReply } from "../support/rehearsals.js";
import {
  calls,
  completes,
  eventsOf,
  goes,
  type Led,
  refusalsIn,
  refused,
  shareSandbox,
  stepsOf,
} from "../support/workflows.js";

const sandbox = shareSandbox("limits: { max_depth: 3, max_concurrent_runs: 1 }");

const spawn = (model: string, more: object = {}) => ["spawn_agent", { prompt: `be ${model}`, model, ...more }] as const;
const wait = ["wait_for_runs"] as const;
const DONE: ScriptedReply = { text: "done" };
const write = ["effects__add_line", { text: "x" }] as const;
const read = ["effects__read_lines"] as const;

beforeAll(() => {
  rehearse(sandbox.bench, "writer", [calls(write, read), { text: "tried" }]);
  rehearse(sandbox.bench, "quick", [{ text: "found" }]);
  rehearse(sandbox.bench, "again", [calls(spawn("again"), wait), { text: "went deeper" }]);
});

const lead = (replies: readonly ScriptedReply[], args: object = {}, workflow: object | null = null) =>
  sandbox.lead({ workflow, replies, args: { tools: ["*"], ...args } });

/** What the agent was told by its tools of that name, in order. */
const told = ({ said }: Led, tool: string) =>
  said.filter((line) => line.startsWith(`${tool}: `)).map((line) => line.slice(tool.length + 2));

async function childrenOf({ run }: Led): Promise<readonly Led[]> {
  const { runs } = (await sandbox.host.call("list_runs", { parent_run_id: run.run_id })).structured;
  const found = [];
  for (const { run_id } of runs.toReversed())
    found.push(await sandbox.told((await sandbox.host.call("get_run", { run_id })).structured.run as Led["run"]));
  return found;
}

/** The calls of a child that were refused, with the reason. */
const refusedIn = (led: Led | undefined) => (led ? refusalsIn(led) : []);

describe("tools", () => {
  it("a child gets the tools that it asks for and its parent has, beside any grant of its definition", async () => {
    sandbox.write("agents/greedy.yaml", 'tools: ["*"]\nprompt: You want everything.');
    const led = await lead([calls(spawn("writer", { agent: "greedy" })), calls(wait), DONE], { tools: ["read_only"] });
    const [child] = await childrenOf(led);
    expect(refusedIn(child)).toEqual([refused("effects__add_line", "spawn_agent", led.run.run_id, "read")]);
    expect(told(led, "wait_for_runs")[0]).toContain('"result":"tried"');
  });

  it("a child that names no tools only reads, and one that names some has no others", async () => {
    const led = await lead([
      calls(spawn("writer"), spawn("writer", { tools: ["effects__add_line"] })),
      calls(wait),
      DONE,
    ]);
    const [plain, named] = await childrenOf(led);
    expect(refusedIn(plain)).toEqual([refused("effects__add_line", "policy")]);
    expect(refusedIn(named)).toEqual([refused("effects__read_lines")]);
  });

  it("a parent's blocked_tools hold for all runs below it", async () => {
    rehearse(sandbox.bench, "passes-on", [calls(spawn("writer", { tools: ["*"] }), wait), DONE]);
    const led = await lead([calls(spawn("passes-on", { tools: ["*"] }), wait), DONE], { blocked_tools: ["*__add_*"] });
    const [child] = await childrenOf(led);
    const [grandchild] = child ? await childrenOf(child) : [];
    expect(grandchild?.run).toMatchObject({ depth: 3, status: "success" });
    expect(refusedIn(grandchild)).toEqual([refused("effects__add_line", '"*__add_*"', "blocked_tools", "spawn_agent")]);
  });

  it("a child gets the tools of the workflow step in which its parent starts it", async () => {
    const asks = { tools: ["effects__*"] };
    const steps = [
      { name: "look", allowed_tools: ["read_only"] },
      { name: "act", allowed_tools: ["effects__*"] },
    ];
    const led = await lead(
      [calls(spawn("writer", asks)), goes("act"), calls(spawn("writer", asks), wait), completes()],
      {},
      { steps },
    );
    const [inLook, inAct] = await childrenOf(led);
    expect(refusedIn(inLook)).toEqual([refused("effects__add_line", '"look"', "workflow")]);
    expect(refusedIn(inAct)).toEqual([]);
  });

  it("a step with rules that hold calls back starts no agents, because its rules would not hold for them", async () => {
    const rules = [{ name: "no x", when: 'tool == "effects__add_line" and args.text == "x"', action: "block" }];
    const steps = [{ name: "fenced", rules }, { name: "open" }];
    const led = await lead([calls(spawn("writer", { tools: ["*"] })), completes({ status: "partial" })], {}, { steps });
    expect(told(led, "spawn_agent")).toEqual([naming('"fenced"', "rules")]);
    expect(await childrenOf(led)).toEqual([]);
  });
});

describe("spawn_agent refuses an agent more than it has in one sentence, and starts nothing", () => {
  it.each<[string, object, readonly (string | RegExp)[]]>([
    ["tools", { tools: ["effects__add_line"] }, ["tools", '"effects__add_line"']],
    ["time", { timeout_seconds: 101 }, ["timeout_seconds", /\b(100|9\d|8\d)\b/]],
    ["turns", { max_turns: 13 }, ["max_turns", /\b12\b/]],
    ["an agent that is not there", { agent: "reviever" }, ['"reviever"', '"reviewer"']],
    ["a script that is not there", { model: "nobody" }, ["nobody"]],
  ])("%s", async (_what, asked, facts) => {
    const args = { tools: ["read_only"], timeout_seconds: 100, max_turns: 12 };
    const led = await lead([calls(spawn("quick", asked)), DONE], args);
    const answers = told(led, "spawn_agent");
    expect(answers).toEqual([naming(...facts)]);
    expect(answers[0]?.split("\n")).toHaveLength(1);
    expect(await childrenOf(led)).toEqual([]);
  });

  it("spawn_agent at max_depth, with the limit", async () => {
    const led = await lead([calls(spawn("again"), wait), DONE]);
    const [second] = await childrenOf(led);
    const [third] = second ? await childrenOf(second) : [];
    expect(third && told(third, "spawn_agent")).toEqual([naming("spawn_agent", "max_depth", /\b3\b/)]);
    expect(refusedIn(third)).toContainEqual(refused("spawn_agent", "max_depth"));
    expect(third && (await childrenOf(third))).toEqual([]);
    expect([led, second, third].map((one) => one?.run.status)).toEqual(["success", "success", "success"]);
  });

  it("the 21st run at a time", async () => {
    rehearse(sandbox.bench, "holds", [{ delay_ms: 60_000, text: "late" }]);
    const many = Array.from({ length: 21 }, (_, index) => spawn("holds", { title: `number ${index}` }));
    const led = await lead([calls(...many), DONE]);
    expect(told(led, "spawn_agent").at(-1)).toEqual(naming(/\b20\b/, "runs"));
    const children = await childrenOf(led);
    expect(children).toHaveLength(20);
    expect(new Set(children.map(({ run }) => run.error.code))).toEqual(new Set(["parent_ended"]));
  });
});

it("a child uses its parent's provider and model where nobody names others", async () => {
  const script = [
    calls(spawn("quick", { provider: "rehearsal" }), ["spawn_agent", { prompt: "as I am" }]),
    calls(wait),
    DONE,
  ];
  const led = await lead(script, { timeout_seconds: 100, max_turns: 12 });
  const [other, same] = await childrenOf(led);
  expect(other?.run).toMatchObject({ provider: "rehearsal", model: "quick" });
  expect(same?.run).toMatchObject({ provider: "rehearsal", model: (led.run as { model?: string }).model });
});

it("answers hold a run's lineage, and events its spawns", async () => {
  const led = await lead([calls(spawn("again"), wait), DONE]);
  const [child] = await childrenOf(led);
  const [grandchild] = child ? await childrenOf(child) : [];
  const { run_id, session_id } = led.run as unknown as Record<string, string>;
  expect(led.run).toMatchObject({ depth: 1, parent_run_id: null });
  expect(child?.run).toMatchObject({
    depth: 2,
    parent_run_id: run_id,
    root_run_id: run_id,
    parent_session_id: session_id,
  });
  expect(grandchild?.run).toMatchObject({ depth: 3, parent_run_id: child?.run.run_id, root_run_id: run_id });
  expect(eventsOf(led, "child_spawned")).toMatchObject([{ turn: 1, index: 0, child: child?.run.run_id }]);
  expect(eventsOf(led, "child_reported")).toMatchObject([
    { turn: 1, index: 1, child: child?.run.run_id, status: "success" },
  ]);
});

it("wait_for_runs returns data in the shape that was asked for and failures as such, each once", async () => {
  rehearse(sandbox.bench, "counts", [completes({ result: "counted", data: { n: 3 } })]);
  rehearse(sandbox.bench, "fails", [calls(read)]); // the script ends before the agent does
  rehearse(sandbox.bench, "stops-short", [
    completes({ status: "blocked", result: "no key", next_steps: ["give me one"] }),
  ]);
  const output_schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
  const led = await lead([
    calls(spawn("counts", { output_schema }), spawn("stops-short"), spawn("quick"), spawn("fails")),
    calls(wait),
    calls(wait),
    DONE,
  ]);
  const [all, none] = told(led, "wait_for_runs").map((text) => JSON.parse(text) as Led["run"]);
  expect(all).toMatchObject({
    pending: [],
    runs: [
      { status: "success", result: "counted", data: { n: 3 } },
      { status: "blocked", result: "no key", next_steps: ["give me one"] },
      { status: "success", result: "found" },
      { status: "error", error: { code: "script_ended" } },
    ],
  });
  expect(none).toEqual({ pending: [], runs: [] });
});

it("an agent waits for, reads and stops runs of its own, and nobody else's", async () => {
  const stranger = await lead([DONE]);
  const run_id = stranger.run.run_id;
  const led = await lead([
    calls(["wait_for_runs", { run_ids: [run_id] }], ["get_run", { run_id }], ["cancel_run", { run_id }]),
    DONE,
  ]);
  const tools = ["wait_for_runs", "get_run", "cancel_run"];
  expect(eventsOf(led, "tool_call_finished")).toMatchObject(tools.map((tool) => ({ tool, is_error: true })));
  for (const tool of tools) expect(told(led, tool)).toEqual([naming(run_id)]);
});

it("an agent that waits again and again is not stopped for repeating itself", async () => {
  rehearse(sandbox.bench, "slow", [{ delay_ms: 60_000, text: "late" }]);
  const again = { ...calls(["wait_for_runs", { wait_seconds: 0 }]), repeat: 10 };
  const led = await lead([calls(spawn("slow")), again, DONE]);
  expect(led.run).toMatchObject({ status: "success" });
  expect(refusedIn(led)).toEqual([]);
});

describe("a workflow's conditions", () => {
  it("see the run's depth, the greatest depth, and the agent's calls for its own agents", async () => {
    const steps = [
      {
        name: "start",
        transitions: [
          { to: "gather", when: 'variables.can_spawn and tool_succeeded("spawn_agent") and step_action_count == 2' },
        ],
      },
      {
        name: "gather",
        transitions: [
          {
            to: "end",
            when: 'tool == "wait_for_runs" and server == null and args.mode == "all" and variables.agent_depth == 1 and variables.max_agent_depth == 3',
          },
        ],
      },
      { name: "end", exit_conditions: [{ type: "tool_succeeded", tool: "wait_for_runs" }] },
    ];
    const led = await lead(
      [calls(spawn("quick"), spawn("quick")), calls(["wait_for_runs", { mode: "all" }]), completes()],
      {},
      { steps },
    );
    expect(stepsOf(led)).toEqual(["start", "gather", "end"]);
    expect(led.run.status).toBe("success");
  });

  it("a star names no built-in tool", async () => {
    const steps = [{ name: "only", exit_conditions: [{ type: "tool_succeeded", tool: "*" }] }];
    const led = await lead([calls(spawn("quick"), wait), completes(), completes({ status: "partial" })], {}, { steps });
    expect(refusedIn(led)).toEqual([refused("complete", "*")]);
  });
});
