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

export interface ScriptedCall {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, string | number>>;
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
];

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
  return {
    calls: tools.map((tool, index) => ({
      tool: toolName(tool),
      arguments: { key: `${run}.${number}.${index}` },
    })),
  };
}

function withCall(reply: ScriptedReply, tool: string, args: ScriptedCall["arguments"]): ScriptedReply {
  return { ...reply, calls: [...(reply.calls ?? []), { tool, arguments: args }] };
}

function toolName(tool: EffectTool): string {
  return `${EFFECT_SERVER}__${tool}`;
}

function toEffectTool(name: string): EffectTool | null {
  const tool = (Object.keys(EFFECTS) as EffectTool[]).find((candidate) => toolName(candidate) === name);
  return tool ?? null;
}

function ownKey(number: number): { readonly key: string } {
  return { key: `{{ work }}.own.${number}` };
}
