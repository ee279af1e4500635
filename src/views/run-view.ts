/** A run as hosts see it. */
import { isNewerVersion, newerVersion } from "../core/errors.js";
import type { EffectfulCall, RunStore } from "../core/ports/run-store.js";
import { addCosts } from "../core/run/cost.js";
import { TOO_LARGE, type ToolRuling } from "../core/run/event.js";
import type { ReadReply } from "../core/run/history.js";
import { canSpawn } from "../core/run/limits.js";
import type { Question } from "../core/run/question.js";
import type { ListedRun, Run, RunFailure } from "../core/run/run.js";
import { cutTo, tail } from "../lib/text.js";
import { fittingPart, sizeOf } from "./page.js";

const PARTIAL_TEXT_LENGTH = 4_000; // characters, from the end of the text
const LONGEST_QUESTION = 4_000; // characters
const LEAST_BUDGET = 1_000; // characters; with less, a view has only the id and the end of a run
const LEAST_EFFECT = 40; // characters of the shortest item of `effects`
const MOST_EFFECTS = 100_000;
const REPLIES_AT_A_TIME = 20;

/** The object of an answer: names and JSON values. */
export type View = Readonly<Record<string, unknown>>;

/** The stores behind the details of a run; `troubleOf` where this process may work on it. */
export interface RunViewDeps {
  readonly store: Pick<RunStore, "hasNewerEvents" | "hasNewerEnds" | "lastEvents" | "listEffects" | "costOfTree">;
  readonly readReply: ReadReply;
  /** Why a run broke off in this process; null for all others. */
  troubleOf?(runId: string): string | null;
}

/** The fields of a run in a list. */
export function toListed(run: ListedRun, deps: Pick<RunViewDeps, "troubleOf">): View {
  const { request } = run;
  return withoutNulls({
    run_id: run.id,
    status: run.status,
    title: run.title,
    parent_run_id: run.parentRunId,
    continues: run.continues,
    agent: request.agent,
    workflow: run.workflow,
    step: run.step,
    provider: request.provider,
    model: request.model,
    error: errorOf(run, deps.troubleOf?.(run.id) ?? null),
    turns_used: run.turnsUsed,
    tool_calls_count: run.toolCallsCount,
    cost_usd: run.costUsd,
    created_at: toTime(run.createdAt),
    finished_at: toTime(run.finishedAt),
  });
}

function errorOf({ outcome }: ListedRun, trouble: string | null): RunFailure | null {
  return outcome?.error ?? (trouble === null ? null : { code: "store", message: trouble });
}

/** Everything about a run, in at most `budget` characters; `truncated` names the fields that were cut. */
export async function toRunView(run: Run, deps: RunViewDeps, budget: number): Promise<View> {
  if (budget < LEAST_BUDGET) return fitView({ ...toListed(run, deps), result: run.outcome?.result ?? null }, budget);
  const { request, outcome } = run;
  const known = await knownDetail(run, deps, budget);
  const isNewer = known === null;
  const detail = known ?? NO_DETAIL;
  const trouble = deps.troubleOf?.(run.id) ?? null;
  const treeCostUsd = await costOfFamily(run, deps.store);
  const answer = {
    run_id: run.id,
    session_id: run.sessionId,
    parent_run_id: run.parentRunId,
    ...(run.parentRunId === null ? {} : { parent_session_id: run.parentSessionId, root_run_id: run.rootRunId }),
    ...(run.continues === null ? {} : { continues: run.continues }),
    depth: run.depth,
    status: run.status,
    title: run.title,
    agent: request.agent,
    workflow: run.workflow,
    ...(request.workflow?.version ? { workflow_version: request.workflow.version } : {}),
    step: run.step,
    provider: request.provider,
    model: request.model,
    result: outcome?.result ?? null,
    ...(run.question === null || isNewer ? {} : { question: toQuestionView(run.question) }),
    partial_text: detail.text || null,
    data: outcome?.data ?? null,
    artifacts: outcome?.artifacts ?? [],
    files_modified: outcome?.filesModified ?? [],
    next_steps: outcome?.nextSteps ?? [],
    effects: detail.effects,
    tools: detail.tools,
    warnings: detail.warnings,
    error: errorOf(run, trouble),
    usage: {
      input_tokens: run.usage.input,
      output_tokens: run.usage.output,
      cached_tokens: run.usage.cached,
      thinking_tokens: run.usage.thinking,
    },
    cost_usd: run.costUsd,
    ...(treeCostUsd === undefined ? {} : { tree_cost_usd: treeCostUsd }),
    turns_used: run.turnsUsed,
    tool_calls_count: run.toolCallsCount,
    created_at: toTime(run.createdAt),
    started_at: toTime(run.startedAt),
    finished_at: toTime(run.finishedAt),
    ...(request.provider === "rehearsal" ? { note: `a script (${request.model}) played the model` } : {}),
    next: nextFor(run, trouble, isNewer),
  };
  return fitView(answer, budget);
}

/** The fields that a view may cut; the view "result" has each of them in full. */
export const DROPPABLE = [
  "result",
  "partial_text",
  "data",
  "effects",
  "warnings",
  "tools",
  "artifacts",
  "files_modified",
  "next_steps",
];

/** Cuts fields, the largest first, until the answer fits: a text keeps as much of its beginning as fits, a list no item. */
function fitView(answer: View, budget: number): View {
  if (sizeOf(answer) <= budget) return answer;
  const next = `get_run(run_id: "${answer.run_id}", view: "result") gives the whole outcome, page by page`;
  const fitted: Record<string, unknown> = { ...answer, truncated: [...DROPPABLE], next };
  const room = () => budget - sizeOf(fitted);
  const bySize = DROPPABLE.toSorted((left, right) => sizeOf(answer[right]) - sizeOf(answer[left]));
  const truncated: string[] = [];
  for (const field of bySize) {
    if (room() >= 0) break;
    fitted[field] = Array.isArray(answer[field]) ? [] : null;
    truncated.push(field);
  }
  if (room() < 0) return { run_id: answer.run_id, status: answer.status };
  fitted.truncated = truncated;
  for (const field of truncated) {
    const text = answer[field];
    if (typeof text === "string" && room() > 20) fitted[field] = fittingPart(text, 0, room());
  }
  return fitted;
}

/** The details of a run whose journal cannot be read; null means unknown. */
const NO_DETAIL = { text: "", effects: null, tools: null, warnings: null };

/** The details of a run; null where a newer legwork has written to its journal. */
async function knownDetail(run: Run, deps: RunViewDeps, budget: number) {
  if (run.status === "pending") return { text: "", effects: [], tools: null, warnings: [] }; // nothing has happened yet
  if (await isNewerRun(run, deps.store)) return null;
  try {
    return await readDetail(run, deps, budget);
  } catch (error) {
    if (isNewerVersion(error)) return null;
    throw error;
  }
}

/** Whether a newer legwork has written to the journal. Where an older process released or ended the run, newer events may come before its last one. */
async function isNewerRun({ id, status }: Run, store: RunViewDeps["store"]): Promise<boolean> {
  const mayHideNewer = status === "interrupted" || status === "waiting" || status === "cancelled";
  return mayHideNewer ? await store.hasNewerEvents(id) : await store.hasNewerEnds(id);
}

function nextFor(run: Run, trouble: string | null, isNewer: boolean): string {
  if (isNewer) return `its journal cannot be read here: ${newerVersion(run.id).message}`;
  return trouble === null ? nextStep(run) : BROKEN_OFF;
}

/** The details that only the journal has: the text so far, the effects, and the tools of the run. */
async function readDetail(run: Run, deps: RunViewDeps, budget: number) {
  const { store } = deps;
  const [resolved] = await store.lastEvents(run.id, { type: "tools_resolved", beforeSeq: null, limit: 1 });
  const { rulings, warnings } =
    resolved?.event.type === "tools_resolved" ? resolved.event : { rulings: null, warnings: [] };
  // One more than fits is enough: the list is cut in either case.
  const most = Math.min(MOST_EFFECTS, Math.ceil(budget / LEAST_EFFECT));
  return {
    text: run.outcome?.result == null ? await lastText(run.id, deps) : "",
    effects: (await store.listEffects(run.id, most)).map(toEffect),
    tools: rulings && toolSummary(rulings),
    warnings,
  };
}

/** The end of the text of all replies, read backwards from the last reply. */
async function lastText(runId: string, { store, readReply }: RunViewDeps): Promise<string> {
  let text = "";
  let beforeSeq: number | null = null;
  while (text.length < PARTIAL_TEXT_LENGTH) {
    const query = { type: "model_replied", beforeSeq, limit: REPLIES_AT_A_TIME } as const;
    const replies = await store.lastEvents(runId, query);
    for (const { event } of replies) {
      const reply = event.type === "model_replied" ? readReply(event.raw).text : "";
      if (reply !== "") text = text === "" ? reply : `${reply}\n\n${text}`;
    }
    const oldest = replies.at(-1);
    if (oldest === undefined || replies.length < REPLIES_AT_A_TIME) break;
    beforeSeq = oldest.seq;
  }
  return tail(text, PARTIAL_TEXT_LENGTH);
}

/** The cost of a run and its descendants in USD; null where it is unknown, undefined where the run has no children. */
export async function costOfFamily(
  { id, costUsd, depth, request }: Pick<Run, "id" | "costUsd" | "depth" | "request">,
  store: Pick<RunStore, "costOfTree">,
): Promise<number | null | undefined> {
  if (!canSpawn(depth, request.limits)) return undefined;
  const others = await store.costOfTree(id, id);
  return others.runs === 0 ? undefined : addCosts(costUsd, others.costUsd);
}

function toEffect({ tool, turn, answer }: EffectfulCall) {
  const by = turn === null ? { by: "workflow" as const } : { turn };
  return { tool, ...by, outcome: answer === null ? "unknown" : effectOutcome(answer) };
}

/** Known only where the server answered, or where the call was not made; a call that broke off may have had its effect. */
function effectOutcome({ isError, code }: NonNullable<EffectfulCall["answer"]>): string {
  if (code === "not_called" || code === "session_lost") return "not made";
  if (code !== null && code !== "call_failed" && code !== TOO_LARGE) return "unknown";
  return isError ? "failed" : "done";
}

/** The number of tools that a run may use, the number withheld, and how to grant more. */
export function toolSummary(rulings: readonly ToolRuling[]) {
  const count = (those: readonly ToolRuling[]) => those.reduce((sum, { tools }) => sum + tools.length, 0);
  const withheld = rulings.filter(({ allowed }) => !allowed);
  const example = withheld.find(({ blocked }) => !blocked)?.tools[0];
  return {
    allowed: count(rulings.filter(({ allowed }) => allowed)),
    withheld: count(withheld),
    ...(withheld.length > 0 && example === undefined
      ? { how_to_grant: "no grant reaches them: blocked_tools and pins always win" }
      : {}),
    ...(example === undefined
      ? {}
      : { how_to_grant: `add names or patterns to tools, such as "${example}"; get_run view "access" lists all` }),
  };
}

function nextStep(run: Run): string {
  const id = run.id;
  const seen = `get_run(run_id: "${id}", view: "events") shows its events`;
  switch (run.status) {
    case "pending":
    case "running":
      return `wait_for_runs(run_ids: ["${id}"]) waits for its end; ${seen}; cancel_run stops it`;
    case "interrupted":
      return `its process has ended: any legwork process open in its project resumes it automatically within an hour of the interruption (list_runs says what is missing where it cannot); resume_run(run_id: "${id}") resumes it at once; ${seen}`;
    case "waiting":
      return run.question === null
        ? `its question is answered: it continues as soon as a legwork process of its project has a free slot; ${seen}`
        : howToView(run, run.question);
    case "success":
      return `resume_run(run_id: "${id}", message: …) continues it in a new run; ${seen}`;
    case "cancelled":
      return seen;
    default:
      return `${REMEDIES[run.outcome?.error?.code ?? ""] ?? "resume_run continues it; "}${seen}`;
  }
}

/** The question of a waiting run. */
function toQuestionView({ id, kind, text, options, about, expiresAt }: Question): View {
  return {
    id,
    kind,
    text: cutTo(text, LONGEST_QUESTION),
    ...(options === null ? {} : { options }),
    ...(about.kind === "ask" || about.kind === "exit" ? {} : { tool: about.tool }),
    expires_at: toTime(expiresAt),
  };
}

function howToView({ id }: Run, { id: question, kind }: Question): string {
  const answer = kind === "approval" ? "approve: true or false" : 'answer: "…"';
  return `it waits for the answer of a person: respond_to_run(run_id: "${id}", question_id: "${question}", ${answer}) gives it; ask the user, do not decide for them`;
}

const BROKEN_OFF =
  "it broke off because the database failed: repair the database, then spawn the agent again; legwork marks the run as interrupted once it can write";

/** The remedy for an end, by its code. */
const REMEDIES: Readonly<Record<string, string>> = {
  max_turns: "resume_run with more_turns continues it; ",
  max_cost_usd: "if the limit is its own and its cost is known, resume_run with more_cost_usd continues it; ",
  timeout: "resume_run with more_seconds continues it; ",
  stalled: "raise limits.stall_seconds in the configuration if the model needs more time; ",
  rate_limited: "resume_run continues it later; ",
  overloaded: "resume_run continues it later; ",
};

/** A time in Unix milliseconds as ISO 8601. */
export function toTime(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}

function withoutNulls(fields: Readonly<Record<string, unknown>>): View {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
