/** A run as hosts see it. */
import { isNewerVersion, newerVersion } from "../core/errors.js";
import type { ToolRuling } from "../core/journal/event.js";
import type { ReadReply } from "../core/journal/history-state.js";
import type { RunStore } from "../core/ports/run-store.js";
import { addCosts } from "../core/run/cost.js";
import { canSpawn } from "../core/run/limits.js";
import { toModelText } from "../core/run/model-name.js";
import type { Question } from "../core/run/question.js";
import type { ListedRun, Run, RunFailure, RunRequest } from "../core/run/run.js";
import { tail } from "../lib/text.js";
import { toEffects } from "./effect-views.js";
import { fitRunView, type View } from "./fit-run-view.js";
import { cutToFit } from "./page.js";
import { RESUMABLE } from "./resumable.js";

const PARTIAL_TEXT_LENGTH = 4_000; // characters, from the end of the text
const LONGEST_QUESTION = 6_000; // bytes
const LEAST_EFFECT = 40; // bytes of the shortest item of `effects`
const MOST_EFFECTS = 100_000;
const REPLIES_AT_A_TIME = 20;

/** The stores behind the details of a run; the rest where this process may work on it. */
export interface RunViewDeps {
  readonly store: Pick<
    RunStore,
    "hasNewerEvents" | "hasNewerEnds" | "lastEvents" | "listEvents" | "listEffects" | "spentIn"
  >;
  readonly readReply: ReadReply;
  /** Why a run broke off in this process; null for all others. */
  troubleOf?(runId: string): string | null;
  /** Whether a form of the host asks the question of a run now. */
  isAskedByForm?(runId: string): boolean;
  /** Why no process recovers an interrupted run by itself; null where one may. */
  obstacleTo?(run: Run): Promise<string | null>;
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

/** Everything about a run, in at most `budget` bytes; `truncated` names the fields that were cut. */
export async function toRunView(run: Run, deps: RunViewDeps, budget: number): Promise<View> {
  return fitRunView(await toWholeRunView(run, deps, budget), budget);
}

/** Everything about a run, short fields before long ones; of its effects no more than could be shown in `budget` bytes. */
export async function toWholeRunView(run: Run, deps: RunViewDeps, budget: number): Promise<View> {
  const { request, outcome } = run;
  const known = await knownDetail(run, deps, budget);
  const isNewer = known === null;
  const detail = known ?? NO_DETAIL;
  const trouble = deps.troubleOf?.(run.id) ?? null;
  const treeCostUsd = await costOfFamily(run, deps.store);
  return {
    run_id: run.id,
    status: run.status,
    next: await nextFor(run, trouble, isNewer, deps),
    title: run.title,
    error: errorOf(run, trouble),
    ...(run.question === null || isNewer ? {} : { question: toQuestionView(run.question) }),
    session_id: run.sessionId,
    parent_run_id: run.parentRunId,
    ...(run.parentRunId === null ? {} : { parent_session_id: run.parentSessionId, root_run_id: run.rootRunId }),
    ...(run.continues === null ? {} : { continues: run.continues }),
    depth: run.depth,
    agent: request.agent,
    workflow: run.workflow,
    ...(request.workflow?.version ? { workflow_version: request.workflow.version } : {}),
    step: run.step,
    provider: request.provider,
    model: request.model,
    ...(request.provider === "rehearsal" ? { note: `a script (${request.model}) played the model` } : {}),
    usage: {
      input_tokens: run.usage.input,
      output_tokens: run.usage.output,
      cached_tokens: run.usage.cached,
      thinking_tokens: run.usage.thinking,
      ...(run.usage.cacheWrite ? { cache_write_tokens: run.usage.cacheWrite } : {}),
    },
    cost_usd: run.costUsd,
    ...(treeCostUsd === undefined ? {} : { tree_cost_usd: treeCostUsd }),
    turns_used: run.turnsUsed,
    tool_calls_count: run.toolCallsCount,
    created_at: toTime(run.createdAt),
    started_at: toTime(run.startedAt),
    finished_at: toTime(run.finishedAt),
    result: outcome?.result ?? null,
    partial_text: detail.text || null,
    data: outcome?.data ?? null,
    artifacts: outcome?.artifacts ?? [],
    files_modified: outcome?.filesModified ?? [],
    next_steps: outcome?.nextSteps ?? [],
    effects: detail.effects,
    tools: detail.tools,
    warnings: detail.warnings,
  };
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

async function nextFor(run: Run, trouble: string | null, isNewer: boolean, deps: RunViewDeps): Promise<string> {
  if (isNewer) return `its journal cannot be read here: ${newerVersion(run.id).message}`;
  if (trouble !== null) return BROKEN_OFF;
  if (run.question !== null && deps.isAskedByForm?.(run.id)) return byForm(run);
  const obstacle = run.status === "interrupted" ? ((await deps.obstacleTo?.(run)) ?? null) : null;
  return nextStep(run, obstacle);
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
    text: run.outcome?.result == null ? await textSoFar(run.id, deps) : "",
    effects: await toEffects(run.id, await store.listEffects(run.id, most), deps),
    tools: rulings && toolSummary(rulings),
    warnings: [...warnings, ...(await modelWarnings(run, store))],
  };
}

const NEWEST = 5; // replies whose notes are shown

/** Notes about the model: that another took its place, and those of the newest replies. */
async function modelWarnings({ id, request }: Run, store: RunViewDeps["store"]): Promise<readonly string[]> {
  const query = { beforeSeq: null, limit: NEWEST } as const;
  const replaced = hasFallback(request) ? await store.lastEvents(id, { ...query, type: "model_replaced" }) : [];
  const replied = await store.lastEvents(id, { ...query, type: "model_replied" });
  const notes = [...replied, ...replaced].reverse().flatMap(({ event }): readonly string[] => {
    if (event.type === "model_replied") return event.warnings ?? [];
    if (event.type !== "model_replaced") return [];
    return [`${toModelText(event.from)} refused to serve (${event.code}): ${toModelText(event.to)} took its place`];
  });
  return [...new Set(notes)];
}

/** Whether a model may have been replaced: a search for events that are not there reads the whole journal. */
function hasFallback({ fallbackModels = [], workflow }: RunRequest): boolean {
  const ofSteps = workflow?.steps.flatMap((step) => step.fallbackModels ?? []) ?? [];
  return fallbackModels.length + ofSteps.length > 0;
}

/** The end of the text of all replies, with that of a later reply that was cut off and rejected. */
async function textSoFar(runId: string, deps: RunViewDeps): Promise<string> {
  const [replied] = await deps.store.lastEvents(runId, { type: "model_replied", beforeSeq: null, limit: 1 });
  const since = await deps.store.listEvents(runId, { type: "reply_rejected", afterSeq: replied?.seq ?? 0 });
  const text = since.flatMap(({ event }) => (event.type === "reply_rejected" ? [event.text ?? ""] : [])).at(-1);
  return await textBefore(text ?? "", runId, deps);
}

/** The end of the text of all replies and of the text after them, read backwards from the last reply. */
async function textBefore(after: string, runId: string, { store, readReply }: RunViewDeps): Promise<string> {
  let text = after;
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
  store: Pick<RunStore, "spentIn">,
): Promise<number | null | undefined> {
  if (!canSpawn(depth, request.limits)) return undefined;
  const others = await store.spentIn({ kind: "tree", runId: id }, id);
  return others.runs === 0 ? undefined : addCosts(costUsd, others.usd);
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

function nextStep(run: Run, obstacle: string | null): string {
  const id = run.id;
  const seen = `get_run(run_id: "${id}", view: "events") shows its events`;
  switch (run.status) {
    case "pending":
    case "running":
      return `wait_for_runs(run_ids: ["${id}"]) waits for its end; ${seen}; cancel_run stops it`;
    case "interrupted":
      if (obstacle !== null)
        return `its process has ended, and none resumes it by itself (${obstacle}): resume_run(run_id: "${id}") resumes it; ${seen}`;
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
      return `${remedyFor(run.outcome?.error?.code ?? "")}${seen}`;
  }
}

/** The question of a waiting run. */
function toQuestionView({ id, kind, text, options, about, expiresAt }: Question): View {
  return {
    id,
    kind,
    text: cutToFit(text, LONGEST_QUESTION),
    ...(options === null ? {} : { options }),
    ...(about.kind === "ask" || about.kind === "exit" ? {} : { tool: about.tool }),
    expires_at: toTime(expiresAt),
  };
}

function howToView({ id }: Run, { id: question, kind }: Question): string {
  const answer = kind === "approval" ? "approve: true or false" : 'answer: "…"';
  return `it waits for the answer of a person: respond_to_run(run_id: "${id}", question_id: "${question}", ${answer}) gives it; ask the user, do not decide for them`;
}

function byForm({ id }: Run): string {
  return `a form of the host asks the user its question now: wait_for_runs(run_ids: ["${id}"]) waits for the answer; ask the user yourself only if the form goes unanswered`;
}

const BROKEN_OFF =
  "it broke off because the database failed: repair the database; legwork marks the run as interrupted once it can write, and then resumes it like other interrupted runs";

/** The remedy for an end, by its code. */
function remedyFor(code: string): string {
  if (code === "stalled") return "raise limits.stall_seconds in the configuration if the model needs more time; ";
  const { more, when } = RESUMABLE[code] ?? {};
  return `resume_run${more === undefined ? "" : ` with more_${more}`} continues it${when === undefined ? "" : ` ${when}`}; `;
}

/** A time in Unix milliseconds as ISO 8601. */
export function toTime(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}

function withoutNulls(fields: Readonly<Record<string, unknown>>): View {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
