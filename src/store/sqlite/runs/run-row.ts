/** A row of `runs` as core's Run, and a new run as a row. */
import type { InferSelectModel } from "drizzle-orm";
import { upgradeQuestion } from "../../../core/journal/read-event.js";
import type { NewRun } from "../../../core/ports/run-store.js";
import { DEFAULT_LIMITS } from "../../../core/run/limits.js";
import type { Run } from "../../../core/run/run.js";
import type { runs, sessions } from "../connection/tables.js";

type RunRow = InferSelectModel<typeof runs>;

export function toRun(row: RunRow): Run {
  return {
    id: row.id,
    sessionId: row.sessionId,
    parentSessionId: row.parentSessionId,
    parentRunId: row.parentRunId,
    rootRunId: row.rootRunId,
    continues: row.continuesRunId,
    depth: row.depth,
    project: row.project,
    title: row.title,
    workflow: row.workflow,
    step: row.step,
    request: {
      ...row.request,
      context: row.request.context ?? null, // an older legwork knew of none, and of fewer limits
      limits: { ...DEFAULT_LIMITS, ...row.request.limits },
      agent: row.agent,
      provider: row.provider,
      model: row.model,
      prompt: row.prompt,
    },
    status: row.status,
    outcome: row.outcome,
    question: row.question && upgradeQuestion(row.question),
    turnsUsed: row.turnsUsed,
    toolCallsCount: row.toolCallsCount,
    usage: {
      input: row.inputTokens,
      output: row.outputTokens,
      cached: row.cachedTokens,
      thinking: row.thinkingTokens,
      cacheWrite: row.cacheWriteTokens,
    },
    costUsd: row.costUsd,
    epoch: row.epoch,
    attempts: row.attempts,
    interruptedAt: row.interruptedAt,
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    lastEventAt: row.lastEventAt,
    finishedAt: row.finishedAt,
  };
}

/** The rows of the agent's session, and of the host's where this is its first run. */
export function toNewSessions(run: NewRun, now: number): readonly (typeof sessions.$inferInsert)[] {
  const { hostSession, project } = run;
  const agent = { id: run.sessionId, parentSessionId: run.parentSessionId, depth: run.depth, kind: "agent" as const };
  return [
    ...(hostSession ? [{ ...hostSession, depth: 0, kind: "host" as const, project, createdAt: now }] : []),
    { ...agent, project, title: run.title, createdAt: now },
  ];
}

/** The row of a run that has just been created: pending, epoch 1, with its first events. */
export function toNewRow(run: NewRun, held: { owner: string; leaseExpiresAt: number; now: number }): RunRow {
  const { agent, provider, model, prompt, ...frozen } = run.request;
  return {
    id: run.id,
    sessionId: run.sessionId,
    parentSessionId: run.parentSessionId,
    parentRunId: run.parentRunId,
    rootRunId: run.rootRunId,
    depth: run.depth,
    project: run.project,
    title: run.title,
    agent,
    workflow: run.request.workflow?.name ?? null,
    step: run.step,
    provider,
    model,
    prompt,
    request: frozen,
    status: "pending",
    outcome: null,
    errorCode: null,
    errorMessage: null,
    turnsUsed: 0,
    toolCallsCount: 0,
    inputTokens: 0,
    outputTokens: 0,
    cachedTokens: 0,
    thinkingTokens: 0,
    cacheWriteTokens: 0,
    reservedUsd: 0,
    reservedTokens: 0,
    costUsd: 0,
    idempotencyKey: run.idempotency?.key ?? null,
    requestHash: run.idempotency?.requestHash ?? null,
    owner: held.owner,
    epoch: 1,
    leaseExpiresAt: held.leaseExpiresAt,
    attempts: 0,
    interruptedAt: null,
    question: null,
    continuesRunId: run.continues,
    lastSeq: run.message === null ? 1 : 2,
    createdAt: held.now,
    startedAt: null,
    lastEventAt: held.now,
    finishedAt: null,
  };
}
