/** A row of `runs` as core's Run, and a new run as a row. */
import type { InferSelectModel } from "drizzle-orm";
import type { NewRun } from "../core/ports.js";
import type { Run } from "../core/run.js";
import type { runs } from "./tables.js";

type RunRow = InferSelectModel<typeof runs>;

export function toRun(row: RunRow): Run {
  return {
    id: row.id,
    sessionId: row.sessionId,
    parentSessionId: row.parentSessionId,
    parentRunId: row.parentRunId,
    rootRunId: row.rootRunId,
    depth: row.depth,
    project: row.project,
    title: row.title,
    workflow: row.workflow,
    step: row.step,
    request: { ...row.request, agent: row.agent, provider: row.provider, model: row.model, prompt: row.prompt },
    status: row.status,
    outcome: row.outcome,
    turnsUsed: row.turnsUsed,
    toolCallsCount: row.toolCallsCount,
    usage: {
      input: row.inputTokens,
      output: row.outputTokens,
      cached: row.cachedTokens,
      thinking: row.thinkingTokens,
    },
    costUsd: row.costUsd,
    epoch: row.epoch,
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    lastEventAt: row.lastEventAt,
    finishedAt: row.finishedAt,
  };
}

/** The row of a run that has just been created: pending, epoch 1, its first event (seq 1) being run_created. */
export function toNewRow(
  run: NewRun,
  held: { owner: string; leaseExpiresAt: number; now: number },
): typeof runs.$inferInsert {
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
    provider,
    model,
    prompt,
    request: frozen,
    status: "pending",
    idempotencyKey: run.idempotency?.key ?? null,
    requestHash: run.idempotency?.requestHash ?? null,
    owner: held.owner,
    epoch: 1,
    leaseExpiresAt: held.leaseExpiresAt,
    lastSeq: 1,
    createdAt: held.now,
    lastEventAt: held.now,
  };
}
