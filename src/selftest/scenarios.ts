/** The scenarios of the campaign: scripts for the model, some of them in a workflow. */

/** The tools of the effect server, and the effect that each declares. */
export const EFFECTS = {
  look: "read_only",
  page: "read_only",
  put: "idempotent",
  add: "effectful",
} as const;
export type EffectTool = keyof typeof EFFECTS;

/** The name of the shipped file server, so that the shipped workflows grant its tools. */
export const EFFECT_SERVER = "workspace";
/** The server that each legwork process starts for itself. */
export const LOCAL_SERVER = "local";
type ServerName = typeof EFFECT_SERVER | typeof LOCAL_SERVER;

export interface ScriptedCall {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, string | number | readonly string[]>>;
}

export interface ScriptedReply {
  readonly text?: string;
  readonly calls?: readonly ScriptedCall[];
}

export interface Scenario {
  readonly name: string;
  readonly workflow: string | null;
  /** The replies of the model in the run of that name, in order. */
  replies(run: string): readonly ScriptedReply[];
  /** The calls that its workflow makes itself, in order. */
  readonly ownCalls: readonly EffectTool[];
  /** The names of the runs that the run of that name starts. */
  children?(run: string): readonly string[];
  /** True where its calls go to a server that ends with its legwork process, and so cannot hold them at kill points. */
  readonly isLocal?: true;
}

/** A workflow that calls tools itself, on entering and on leaving a step. */
export const LED_WORKFLOW = {
  description: "Looks, changes and checks; calls tools of its own on the way.",
  variables: { work: "", seen: "", rounds: 0, errors: 0 },
  steps: [
    {
      name: "gather",
      on_enter: [{ action: "call_tool", tool: toolName("look"), arguments: ownKey(1), output_as: "seen" }],
      allowed_tools: ["read_only"],
      transitions: [
        {
          to: "change",
          when: `tool == "${toolName("page")}"`,
          on_transition: [{ action: "inject_message", content: "Now change it." }],
        },
      ],
    },
    {
      name: "change",
      on_enter: [
        { action: "call_tool", tool: toolName("add"), arguments: ownKey(2) },
        { action: "increment_variable", name: "rounds" },
        { action: "call_tool", tool: toolName("put"), arguments: ownKey(3) },
      ],
      allowed_tools: "all",
      rules: [{ name: "mind", when: `tool == "${toolName("add")}"`, action: "warn", message: "This adds." }],
      transitions: [{ to: "check", when: `tool == "${toolName("put")}" and variables.rounds > 0` }],
      on_exit: [{ action: "call_tool", tool: toolName("add"), arguments: ownKey(4) }],
    },
    { name: "check", allowed_tools: ["read_only"], exit_conditions: [{ type: "action_count", min_count: 1 }] },
  ],
  on_error: [{ action: "increment_variable", name: "errors" }],
};

export const LED = "selftest-led";

/** A workflow whose changes a person approves. */
export const ASKED_WORKFLOW = {
  description: "Adds what a person approves.",
  steps: [
    {
      name: "work",
      allowed_tools: "all",
      rules: [{ name: "careful", when: `tool == "${toolName("add")}"`, action: "require_approval" }],
    },
  ],
};

export const ASKED = "selftest-asked";

/** A run that another one starts. */
export const CHILD: Scenario = {
  name: "child",
  workflow: null,
  ownCalls: [],
  replies: (run) => [turn(run, 1, "look"), turn(run, 2, "add", "put"), turn(run, 3, "add"), { text: resultOf(run) }],
};

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "loose",
    workflow: null,
    ownCalls: [],
    replies: (run) => [
      turn(run, 1, "look", "look", "look"),
      turn(run, 2, "add"),
      turn(run, 3, "look", "add", "put"),
      turn(run, 4, "put", "put", "look"),
      turn(run, 5, "add", "add", "look"),
      turn(run, 6, "page"),
      { calls: [{ tool: "read_result", arguments: { id: "r6.0", offset: 10_000 } }] },
      turn(run, 8, "look", "put", "add", "look", "look"),
      { text: resultOf(run) },
    ],
  },
  {
    name: "planned",
    workflow: "plan-execute",
    ownCalls: [],
    replies: (run) => [
      turn(run, 1, "look", "look"),
      withCall(turn(run, 2, "look"), "request_step", { to: "execute" }),
      turn(run, 3, "add", "look"),
      turn(run, 4, "put"),
      withCall(turn(run, 5, "add", "put"), "request_step", { to: "check" }),
      turn(run, 6, "look", "page"),
      withCall({ calls: [] }, "complete", { result: resultOf(run) }),
    ],
  },
  {
    name: "led",
    workflow: LED,
    ownCalls: ["look", "add", "put", "add"],
    replies: (run) => [
      turn(run, 1, "look", "add"), // the step refuses the second
      turn(run, 2, "page"),
      turn(run, 3, "add"),
      turn(run, 4, "look", "add", "put"),
      turn(run, 5, "look"),
      withCall(turn(run, 6, "look"), "complete", { result: resultOf(run) }),
    ],
  },
  {
    name: "asked",
    workflow: ASKED,
    ownCalls: [],
    replies: (run) => [
      turn(run, 1, "look"),
      turn(run, 2, "add"),
      withCall({ calls: [] }, "ask", { question: "Shall I go on?" }),
      turn(run, 4, "put", "add", "look"),
      withCall({ calls: [] }, "complete", { result: resultOf(run) }),
    ],
  },
  {
    name: "local",
    workflow: null,
    ownCalls: [],
    isLocal: true,
    replies: (run) => [
      turnOn(LOCAL_SERVER, run, 1, "look", "look"),
      turnOn(LOCAL_SERVER, run, 2, "add"),
      turnOn(LOCAL_SERVER, run, 3, "put", "add", "look"),
      { text: resultOf(run) },
    ],
  },
  {
    name: "parent",
    workflow: null,
    ownCalls: [],
    children: childrenOf,
    replies: (run) => [
      turn(run, 1, "look"),
      { calls: childrenOf(run).map((child) => ({ tool: "spawn_agent", arguments: spawnOf(child) })) },
      withCall({ calls: [] }, "wait_for_runs", {}),
      turn(run, 4, "add", "look"),
      { text: resultOf(run) },
    ],
  },
];

function childrenOf(run: string): readonly string[] {
  return ["a", "b"].map((letter) => `${CHILD.name}-${run.slice(run.lastIndexOf("-") + 1)}${letter}`);
}

function spawnOf(child: string): ScriptedCall["arguments"] {
  return { prompt: "Play your part.", title: child, provider: "rehearsal", model: child, tools: ["*"] };
}

/** A call of a scenario: its tool, its place in the run, and the key under which the effect server counts it. */
export interface ScenarioCall {
  readonly key: string;
  readonly tool: EffectTool;
  /** `turn.index`, or `own.number` for a call of the workflow itself. */
  readonly place: string;
}

/** All calls of the run of that name to the effect server. */
export function callsOf(scenario: Scenario, run: string): readonly ScenarioCall[] {
  const asked = scenario.replies(run).flatMap(({ calls = [] }, turnIndex) =>
    calls.flatMap(({ tool }, index) => {
      const effectTool = toEffectTool(tool);
      return effectTool === null ? [] : [{ tool: effectTool, place: `${turnIndex + 1}.${index}` }];
    }),
  );
  const own = scenario.ownCalls.map((tool, index) => ({ tool, place: `own.${index + 1}` }));
  return [...asked, ...own].map((call) => ({ ...call, key: `${run}.${call.place}` }));
}

/** The name of a run, from which `scenarioOf` reads the scenario. */
export function runName(scenario: Scenario, number: number): string {
  return `${scenario.name}-${number}`;
}

/** The name of the scenario of the run of that name. */
export function scenarioOf(run: string): string {
  return run.slice(0, run.lastIndexOf("-"));
}

/** The result of a run without losses. */
export function resultOf(run: string): string {
  return `done: ${run}`;
}

function turn(run: string, number: number, ...tools: readonly EffectTool[]): ScriptedReply {
  return turnOn(EFFECT_SERVER, run, number, ...tools);
}

function turnOn(server: ServerName, run: string, number: number, ...tools: readonly EffectTool[]): ScriptedReply {
  return {
    calls: tools.map((tool, index) => ({
      tool: toolName(tool, server),
      arguments: { key: `${run}.${number}.${index}` },
    })),
  };
}

function withCall(reply: ScriptedReply, tool: string, args: ScriptedCall["arguments"]): ScriptedReply {
  return { ...reply, calls: [...(reply.calls ?? []), { tool, arguments: args }] };
}

function toolName(tool: EffectTool, server: ServerName = EFFECT_SERVER): string {
  return `${server}__${tool}`;
}

function toEffectTool(name: string): EffectTool | null {
  const tools = Object.keys(EFFECTS) as EffectTool[];
  return tools.find((tool) => name === toolName(tool) || name === toolName(tool, LOCAL_SERVER)) ?? null;
}

function ownKey(number: number): { readonly key: string } {
  return { key: `{{ work }}.own.${number}` };
}
