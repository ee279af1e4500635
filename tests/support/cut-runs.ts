/** Runs of the real loop that die between two commits and are taken up again from what was saved, in a world that counts. */
import { setImmediate } from "node:timers/promises";
import { createConditions } from "../../src/conditions/create-conditions.js";
import type { OnUnknown } from "../../src/core/definitions/server-config.js";
import { DownstreamError, ProviderError } from "../../src/core/errors.js";
import type { RunEvent, StoredEvent } from "../../src/core/journal/event.js";
import type { Catalog, Downstream, ToolAnswer } from "../../src/core/ports/downstream.js";
import type { ModelReply, ModelRequest } from "../../src/core/ports/provider.js";
import type { Commit } from "../../src/core/ports/run-store.js";
import { REDACT_NOTHING } from "../../src/core/redact.js";
import { NO_ALLOWANCE, type Spent } from "../../src/core/run/budget.js";
import type { Price } from "../../src/core/run/cost.js";
import { DEFAULT_LIMITS } from "../../src/core/run/limits.js";
import type { RawReply, ReplyContent, ToolCall } from "../../src/core/run/message.js";
import type { RunRequest, Usage } from "../../src/core/run/run.js";
import type { CatalogTool, Effect } from "../../src/core/tools/tool.js";
import type { Workflow } from "../../src/core/workflow/workflow.js";
import { createProjectPath } from "../../src/files/project-path.js";
import { runAgent } from "../../src/runner/loop/run-agent.js";
import { createBudgetLines } from "../../src/runner/state/budget-lines.js";
import type { AgentDeps } from "../../src/runner/state/turn-context.js";
import { createToolSets } from "../../src/runner/tools/tool-set.js";
import { builtJsonSchemas } from "./json-schemas.js";
import { expectWhole } from "./whole-conversation.js";

const NOTHING_SPENT: Spent = { runs: 0, usd: 0, tokens: 0, reservedUsd: 0, reservedTokens: 0 };

/** What the model says when it is asked. */
export type ScriptedReply =
  | { readonly kind: "says"; readonly text: string; readonly calls: readonly ToolCall[] }
  | { readonly kind: "rejected"; readonly askAgain: boolean }
  | { readonly kind: "fails" };

export interface Scenario {
  /** In the order of the replies; after them the model completes. */
  readonly replies: readonly ScriptedReply[];
  readonly workflow: Workflow | null;
  readonly maxTurns: number;
  /** Each reply costs 1 USD. */
  readonly maxCostUsd: number | null;
  readonly outputSchema: object | null;
  /** What the tool does to the world that workflows call by themselves. */
  readonly own: Effect;
  readonly onUnknown: OnUnknown;
  /** The context window of the model; without limit where missing. */
  readonly window?: SmallWindow;
}

/** A model that refuses requests of more than `tokens`, and whether legwork knows that before. */
export interface SmallWindow {
  readonly tokens: number;
  readonly isKnown: boolean;
  /** Whether the model can write summaries. */
  readonly summarises: boolean;
}

/**
 * What befalls a process after so many commits: it dies, or its run is stopped. Where it `goesOn`, that happens while it
 * does what leads to the next commit, otherwise before.
 */
export interface Cut {
  readonly commits: number;
  readonly goesOn: boolean;
  /** Of a run that is stopped; absent where the process dies. */
  readonly reason?: "timeout" | "stalled" | "interrupted";
}

/** A call by what it asks for; the journal knows its place too. */
export interface Asked {
  readonly signature: string;
  readonly effect: Effect;
}

export interface Begun extends Asked {
  readonly place: string;
}

export interface Played {
  readonly saved: readonly RunEvent[];
  /** The request before each reply, as text; of one that was made again, the last. */
  readonly requests: readonly string[];
  /** The calls that reached a server. */
  readonly made: readonly Asked[];
  /** The calls that were begun and not answered when a process was done with the run. */
  readonly cutOff: readonly Begun[];
  /** Commits of the last process. */
  readonly commits: number;
}

interface World {
  saved: readonly RunEvent[];
  readonly requests: string[];
  readonly made: Asked[];
  readonly blobs: Map<string, string>;
  /** The process that lives. */
  life: number;
  /** Stops its run as soon as it asks somebody for something. */
  stop: (() => void) | null;
}

const TASK = "go";
const PRICE: Price = { input: 100_000, output: 0, cached: 0 }; // of replies to 10 tokens
const conditions = createConditions(createProjectPath(process.cwd()));
const schemas = builtJsonSchemas();
const resolveToolSet = createToolSets();
export const readReply = (raw: RawReply): ReplyContent => raw.content as ReplyContent;

/**
 * Plays a run to its end, through as many processes as there are cuts and one more. Where it is `reopened`, a run that has
 * ended before all cuts are over is asked to go on; one that succeeded, in a new run with its history.
 */
export async function play(scenario: Scenario, cuts: readonly Cut[], reopened = false): Promise<Played> {
  const request = requestOf(scenario);
  const run = {
    id: "run_1",
    sessionId: "ses_2",
    parentSessionId: "ses_1",
    rootRunId: "run_1",
    parentRunId: null,
    depth: 1,
    project: "/project",
    request,
  };
  const world: World = {
    saved: [{ type: "run_created" }, { type: "run_started" }],
    requests: [],
    made: [],
    blobs: new Map(),
    life: 0,
    stop: null,
  };
  const cutOff: Begun[] = [];
  for (;;) {
    const replay = {
      firstMessage: request.prompt,
      events: world.saved,
      lastSeq: world.saved.length,
      millisecondsLeft: 1_000,
    };
    const controller = new AbortController();
    const steps = runAgent(
      run,
      replay,
      NO_MAIL,
      { signal: controller.signal, stall: NO_STALL, onActivity() {} },
      depsOf(scenario, world),
    );
    const cut = cuts[world.life];
    const commits = await live(steps, cut, controller, world);
    const last = world.saved.at(-1);
    if (last?.type === "run_finished" && (cut === undefined || !reopened)) return { ...world, cutOff, commits };
    cutOff.push(...openIn(world.saved));
    world.life += 1;
    world.saved = [...world.saved, ...(last?.type === "run_finished" ? goOn(last) : TAKEN_OVER)];
  }
}

const NO_STALL = { during: <T>(work: Promise<T>) => work, guard: <T>(request: Promise<T>) => request };
const NO_MAIL = { hasNews: false, read: async () => [] };

const TAKEN_OVER: readonly RunEvent[] = [
  { type: "run_interrupted", reason: "the process that worked on it went away", until: 0 },
  { type: "run_resumed", by: "recovery" },
];

function goOn({ outcome }: Extract<RunEvent, { type: "run_finished" }>): readonly RunEvent[] {
  const told: RunEvent = { type: "message_injected", text: "go on" };
  return outcome.status === "success"
    ? [{ type: "run_created", continues: "run_1" }, told, { type: "run_started" }]
    : [{ type: "run_resumed", by: "request", moreTurns: 2, moreCostUsd: 2 }, told];
}

/** One process: saves what the loop yields until it ends or is cut. Returns how often it saved. */
async function live(
  steps: AsyncGenerator<Commit, void>,
  cut: Cut | undefined,
  controller: AbortController,
  world: World,
): Promise<number> {
  world.stop = null;
  let saved: readonly StoredEvent[] = [];
  for (let commits = 0; ; commits++) {
    const isCut = cut?.commits === commits;
    if (isCut && cut.reason !== undefined) {
      const stop = () => controller.abort(cut.reason);
      if (cut.goesOn) world.stop = stop;
      else stop();
    }
    const dies = isCut && cut.reason === undefined;
    if (dies && !cut.goesOn) return commits;
    const next = await steps.next(saved);
    const isLost = controller.signal.reason === "interrupted"; // whoever interrupts a run has raised its epoch
    if (next.done || dies || isLost) return commits;
    const { events, blobs } = next.value;
    world.saved = [...world.saved, ...(JSON.parse(JSON.stringify(events)) as RunEvent[])];
    saved = events.map((event, index) => ({ seq: index, at: 0, event }));
    for (const { hash, text } of blobs) world.blobs.set(hash, text);
  }
}

/** The calls that were begun, each once. */
export function begunIn(events: readonly RunEvent[]): readonly Begun[] {
  const begun = new Map<string, Begun>();
  let calls: readonly ToolCall[] = [];
  for (const event of events) {
    if (event.type === "model_replied") calls = readReply(event.raw).calls;
    if (event.type !== "tool_call_started" && event.type !== "workflow_call_started") continue;
    const args = event.type === "tool_call_started" ? calls[event.index]?.arguments : event.arguments;
    const place = placeOf(event) ?? "";
    begun.set(place, { place, signature: signatureOf(event.tool, args), effect: event.effect });
  }
  return [...begun.values()];
}

/** Where in a run's conversation an event belongs; null where nowhere. */
export function placeOf(event: RunEvent): string | null {
  if ("call" in event) return `workflow call ${event.call}`;
  return "index" in event ? `call ${event.turn}.${event.index}` : null;
}

function openIn(events: readonly RunEvent[]): readonly Begun[] {
  const answered = new Set(events.filter(isAnswer).map(placeOf));
  return begunIn(events).filter(({ place }) => !answered.has(place));
}

export function isAnswer({ type }: RunEvent): boolean {
  return /^(tool|workflow)_call_(finished|refused)$/.test(type);
}

function stopNow({ stop }: World, signal: AbortSignal): void {
  stop?.();
  signal.throwIfAborted();
}

function signatureOf(tool: string, args: unknown): string {
  return `${tool} ${JSON.stringify(args)}`;
}

function depsOf(scenario: Scenario, world: World): AgentDeps {
  const { life } = world;
  const provider = {
    reply: async (request: ModelRequest, signal: AbortSignal) => {
      const reply = replyTo(request, scenario, world, life);
      stopNow(world, signal);
      return reply;
    },
  };
  return {
    downstream: downstreamOf(scenario, world),
    providers: new Map([
      [
        "script",
        {
          provider,
          defaultModel: "m",
          mostTools: null,
          windowOf: () => (scenario.window?.isKnown ? scenario.window.tokens : null),
          priceOf: () => PRICE,
        },
      ],
    ]),
    schemas,
    conditions,
    clock: { now: () => 0 },
    redact: REDACT_NOTHING,
    readBlob: async (hash) => world.blobs.get(hash) ?? null,
    journals: { lastEvents: async () => [], getRun: async () => null },
    readReply,
    resolveToolSet,
    costs: { spentIn: async () => NOTHING_SPENT, limitsAbove: async () => [] },
    budgetLines: createBudgetLines(),
    allowances: { session: NO_ALLOWANCE, day: NO_ALLOWANCE },
    blockedNow: [],
    childRuns: {
      call: async ({ call }) => {
        throw new Error(`${call.name} is offered to no agent here`);
      },
    },
  };
}

/** The nth reply is the same whoever asks for it: which one is next is what was saved, and nothing else. */
function replyTo(asked: ModelRequest, { replies, window }: Scenario, world: World, life: number): ModelReply {
  if (life !== world.life) throw new Error("a process that has died asked the model");
  const { messages, model, system, tools } = asked;
  const request = JSON.stringify({ messages, model, system, tools: tools.map(({ name }) => name) });
  const input = window === undefined ? 10 : Math.ceil(JSON.stringify(asked).length / 4);
  if (window !== undefined && input > window.tokens)
    throw new ProviderError("context_overflow", `prompt is too long: ${input} tokens > ${window.tokens} maximum`);
  const usage = { input, output: 1, cached: 0, thinking: 0 };
  if (tools.length === 0) return summaryBy(window, model, usage); // the agent always has tools
  expectWhole(messages, TASK);
  const replied = world.saved.filter(({ type }) => type === "model_replied" || type === "reply_rejected").length;
  world.requests[replied] = request;
  const scripted = replies[replied] ?? COMPLETES;
  switch (scripted.kind) {
    case "fails":
      throw new ProviderError("overloaded", "the model is not there");
    case "rejected":
      return { ok: false, code: "truncated_reply", reason: "too long", askAgain: scripted.askAgain, usage };
    case "says": {
      const { text, calls } = scripted;
      return { ok: true, raw: { provider: "script", model, content: { text, calls } }, usage };
    }
  }
}

function summaryBy(window: SmallWindow | undefined, model: string, usage: Usage): ModelReply {
  if (!window?.summarises) return { ok: false, code: "refused_reply", reason: "no", askAgain: false, usage };
  return { ok: true, raw: { provider: "script", model, content: { text: "It did things.", calls: [] } }, usage };
}

const COMPLETES: ScriptedReply = {
  kind: "says",
  text: "",
  calls: [{ id: null, name: "complete", arguments: { status: "success", result: "done", data: { n: 1 } } }],
};

/** Counts what is called, and lets nothing pass that is not on disk. */
function downstreamOf(scenario: Scenario, world: World): Downstream {
  const { life } = world;
  const catalog = catalogOf(scenario);
  return {
    servers: ["x"],
    whyAbsent: (server) => server,
    status: () => [],
    catalog: () => catalog,
    acquire: () => ({
      ready: Promise.resolve(),
      tried: Promise.resolve(),
      settled: Promise.resolve(),
      release: () => {},
    }),
    current: (tool) => ({ kind: "declared", tool }),
    afterUnknown: () => ({ action: scenario.onUnknown, probe: null }),
    async call({ name, effect, tool }, args, { onProgress, signal }) {
      const signature = signatureOf(name, args);
      if (life !== world.life) throw new Error(`a process that has died called ${signature}`);
      if (!openIn(world.saved).some((open) => open.signature === signature))
        throw new Error(`${signature} was called before that was saved`);
      world.made.push({ signature, effect });
      if (tool === "slow") {
        onProgress({ progress: 1, total: null, message: "half of it" });
        await setImmediate();
      }
      stopNow(world, signal);
      return answerOf(tool, Number(args.n));
    },
    close: async () => {},
  };
}

function answerOf(tool: string, n: number): ToolAnswer {
  if (tool === "fail" && n % 2 === 0) throw new DownstreamError("call_timeout", "x", "it took too long");
  const text = tool === "big" ? `${n}`.padEnd(25_000, "x") : `${tool} ${n}`;
  const attachments = tool === "again" ? [{ kind: "image", mimeType: "image/png", text: "AAAA" }] : [];
  return { isError: tool === "fail", text, attachments };
}

const NUMBERED = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
const ANYTHING = { type: "object" };

function catalogOf({ own }: Scenario): Catalog {
  const tool = (name: string, effect: Effect, inputSchema: object = NUMBERED): CatalogTool => ({
    name: `x__${name}`,
    server: "x",
    tool: name,
    description: name,
    inputSchema,
    effect,
  });
  const tools = [
    tool("y", "read_only"),
    tool("z", "effectful"),
    tool("again", "idempotent"),
    tool("fail", "read_only"),
    tool("slow", "effectful"),
    tool("big", "read_only"),
    tool("own", own, ANYTHING), // a workflow calls it without arguments
  ];
  return { tools, problems: [] };
}

function requestOf({ workflow, maxTurns, maxCostUsd, outputSchema }: Scenario): RunRequest {
  return {
    prompt: TASK,
    context: null,
    systemPrompt: null,
    agent: "default",
    provider: "script",
    model: "m",
    limits: { ...DEFAULT_LIMITS, maxTurns, maxCostUsd },
    policy: { allow: [{ patterns: ["*"], from: "test" }], block: [] },
    outputSchema,
    workflow,
    variables: {},
  };
}
