/** The writes to runs and their journal, each to be called inside a transaction. */
import { sql } from "drizzle-orm";
import { newerVersion } from "../../../core/errors.js";
import type { RunEvent, StoredEvent } from "../../../core/journal/event.js";
import { projectEvents } from "../../../core/journal/projection.js";
import { toStoredEvent } from "../../../core/journal/to-stored-event.js";
import type { Clock } from "../../../core/ports/clock-and-log.js";
import type {
  Blob,
  CreateRunOptions,
  CreateRunResult,
  EndedRun,
  NewRun,
  RunLease,
} from "../../../core/ports/run-store.js";
import { amountOf, grantedNow, type Reservation, restsOf } from "../../../core/run/budget.js";
import { addCosts, tokensOf } from "../../../core/run/cost.js";
import { LEASE_MS } from "../../../core/run/limits.js";
import { isEnded, type Outcome, type RunStatus } from "../../../core/run/run.js";
import type { Connection } from "../connection/connection.js";
import { runs } from "../connection/tables.js";
import type { JournalReads } from "./read-journal.js";
import { toNewRow, toNewSessions, toRun } from "./run-row.js";
import type { SharedBudgets, Used } from "./shared-budgets.js";
import { type prepareStatements, prepareTransition } from "./statements.js";

export interface RunWrites {
  createRun(run: NewRun, options: CreateRunOptions): CreateRunResult;
  /** Projects the events on the row, then writes them; null, and writes nothing, where the lease is lost. */
  append(lease: RunLease, events: readonly RunEvent[], reservation?: Reservation): readonly StoredEvent[] | null;
  putBlobs(blobs: readonly Blob[]): void;
  endTree(runId: string, outcome: Outcome): readonly EndedRun[];
  /** False, and writes nothing, where the run is not as the lease knew it. */
  claim(lease: RunLease, events: readonly RunEvent[]): boolean;
  answer(lease: RunLease, events: readonly RunEvent[]): boolean;
  send(runId: string, event: RunEvent): boolean;
}

interface Prepared {
  readonly statements: ReturnType<typeof prepareStatements>;
  readonly journal: Pick<JournalReads, "hasNewerEvents">;
  readonly budgets: SharedBudgets;
}

/** `owner` is this process. All but `append` and `putBlobs` throw StoreError (newer_version) in an outdated process. */
export function createRunWrites(
  { sqlite, db, refuseOutdated }: Connection,
  { statements, journal, budgets }: Prepared,
  clock: Clock,
  owner: string,
): RunWrites {
  const transitions = new Map<RunStatus, ReturnType<typeof prepareTransition>>();

  function transition(to: RunStatus) {
    const prepared = transitions.get(to) ?? prepareTransition(sqlite, db, to);
    transitions.set(to, prepared);
    return prepared;
  }

  function append(
    lease: RunLease,
    asked: readonly RunEvent[],
    reservation?: Reservation,
  ): readonly StoredEvent[] | null {
    const at = clock.now();
    const events = reservation === undefined ? asked : withGrant(lease.runId, asked, reservation, at);
    const { status, outcome, question, usage, finished, ...delta } = projectEvents(events);
    const used = usedBy(lease.runId, delta.costUsd, tokensOf(usage));
    const update = status === null ? statements.appendToRunning : transition(status);
    const changed = update.run({
      id: lease.runId,
      epoch: lease.epoch,
      count: events.length,
      at,
      ...delta,
      ...usage,
      finished: finished ? 1 : 0,
      outcome: outcome && JSON.stringify(outcome),
      question: question && JSON.stringify(question),
      errorCode: outcome?.error?.code ?? null,
      errorMessage: outcome?.error?.message ?? null,
    });
    if (changed === 0) return null;
    budgets.add(used, at);
    if (outcome !== null) {
      endBelow(lease.runId);
      statements.endAgentSession.run({ id: lease.runId, endedAt: at });
    }
    const { lastSeq, parentRunId } = positionOf(lease.runId);
    if (finished && parentRunId !== null) statements.forgiveAncestors.run({ parentRunId });
    return insertEvents(lease.runId, lastSeq, at, events);
  }

  /** The use of a commit for the day; of a reply without a count, the amount that its request had reserved. */
  function usedBy(id: string, costUsd: number | null, tokens: number): Used {
    if (costUsd !== null) return { usd: costUsd, tokens };
    const [usd = 0, reserved = 0] = (statements.getReserved.first({ id }) ?? []).map(Number);
    return { usd, tokens: tokens === 0 ? reserved : tokens };
  }

  /** The events with what the request may use now, or without its reservation where that is too little. */
  function withGrant(id: string, events: readonly RunEvent[], { plan, ceilings }: Reservation, at: number) {
    const { costUsd, usage } = projectEvents(events);
    const left = ceilings.map((ceiling) => {
      const spent = budgets.spentIn(ceiling.scope, { but: "", own: id }, at);
      const usd = addCosts(spent.usd, costUsd);
      const used = { ...spent, usd, tokens: spent.tokens + tokensOf(usage) };
      return restsOf(ceiling, used, spent.runs - 1); // itself is among them
    });
    const outputTokens = grantedNow(plan, left);
    return events.flatMap((event): readonly RunEvent[] => {
      if (event.type !== "budget_reserved") return [event];
      return outputTokens === 0 ? [] : [{ ...event, outputTokens, ...amountOf(plan, outputTokens) }];
    });
  }

  /** Ends the runs below with the run, because nobody would read their work. */
  function endBelow(runId: string): void {
    const message = `the run ${runId} above it was ended`;
    const outcome: Outcome = { status: "cancelled", result: null, error: { code: "parent_ended", message } };
    for (const { id, epoch } of statements.listLivingBelow.all({ runId }))
      append({ runId: id, epoch }, [{ type: "run_finished", outcome }]);
  }

  function positionOf(id: string) {
    const [lastSeq, parentRunId] = statements.getPosition.first({ id }) as [number, string | null];
    return { lastSeq, parentRunId };
  }

  function insertEvents(runId: string, lastSeq: number, at: number, events: readonly RunEvent[]) {
    const firstSeq = lastSeq - events.length + 1;
    return events.map((event, index) => insertEvent(runId, firstSeq + index, at, event));
  }

  function insertEvent(runId: string, seq: number, at: number, event: RunEvent): StoredEvent {
    statements.insertEvent.run({ runId, seq, at, ...toStoredEvent(event) });
    return { seq, at, event };
  }

  function refusalOf(
    { parentRunId, continues }: NewRun,
    { signal, maxChildren }: CreateRunOptions,
  ): Extract<CreateRunResult, { kind: "refused" }>["reason"] | null {
    if (signal.aborted) return "aborted";
    if (continues !== null && statements.getLease.first({ id: continues }) === undefined) return "source_gone";
    if (parentRunId === null) return null;
    // Another process may have ended the parent, and nothing would end this child afterwards.
    const [status] = statements.getLease.first({ id: parentRunId }) ?? [];
    if (status === undefined || isEnded(status as RunStatus)) return "parent_ended";
    const [living] = statements.countLivingChildren.first({ parentRunId }) ?? [];
    return Number(living) >= maxChildren ? "too_many_children" : null;
  }

  function createRun(run: NewRun, options: CreateRunOptions): CreateRunResult {
    refuseOutdated();
    const reason = refusalOf(run, options);
    if (reason !== null) return { kind: "refused", reason };
    const now = clock.now();
    if (run.idempotency) {
      const { key, requestHash } = run.idempotency;
      const known = statements.getRunByKey.get({ project: run.project, key });
      if (known) return { kind: known.requestHash === requestHash ? "existing" : "conflict", run: toRun(known) };
    }
    for (const session of toNewSessions(run, now)) statements.insertSession.run(session);
    const row = toNewRow(run, { owner, leaseExpiresAt: now + LEASE_MS, now });
    statements.insertRun.run({ ...row, request: JSON.stringify(row.request), outcome: null, question: null });
    const { continues, message } = run;
    insertEvent(run.id, 1, now, { type: "run_created", ...(continues === null ? {} : { continues }) });
    if (message !== null) insertEvent(run.id, 2, now, { type: "message_injected", text: message });
    return { kind: "created", run: toRun(row) };
  }

  function claim({ runId, epoch }: RunLease, events: readonly RunEvent[]): boolean {
    refuseOutdated();
    const at = clock.now();
    const afresh = events.some((event) => event.type === "run_resumed" && event.by !== "recovery") ? 1 : 0;
    const lease = { id: runId, epoch, owner, leaseExpiresAt: at + LEASE_MS };
    if (statements.claim.run({ ...lease, afresh, at, count: events.length }) === 0) return false;
    if (afresh) statements.endAgentSession.run({ id: runId, endedAt: null }); // it may have ended before
    insertEvents(runId, positionOf(runId).lastSeq, at, events);
    return true;
  }

  return {
    createRun,
    append,
    putBlobs(texts) {
      for (const { hash, text } of texts) statements.insertBlob.run({ hash, text, createdAt: clock.now() });
    },
    endTree(runId, outcome) {
      refuseOutdated();
      const tree = db.all<{ id: string; status: RunStatus; epoch: number }>(sql`
        WITH RECURSIVE tree(id) AS (
          SELECT ${runId} UNION SELECT ${runs.id} FROM ${runs} JOIN tree ON ${runs.parentRunId} = tree.id
        )
        SELECT ${runs.id} AS id, ${runs.status} AS status, ${runs.epoch} AS epoch FROM ${runs} JOIN tree USING (id)`);
      const root = tree.find(({ id }) => id === runId);
      const canEnd = root && append({ runId, epoch: root.epoch }, [{ type: "run_finished", outcome }]) !== null;
      return tree.map(({ id, status }) => ({ id, was: status, ended: canEnd === true && !isEnded(status) }));
    },
    claim,
    answer({ runId, epoch }, events) {
      refuseOutdated();
      if (journal.hasNewerEvents(runId)) throw newerVersion(runId);
      const at = clock.now();
      if (statements.answerQuestion.run({ id: runId, epoch, at, count: events.length }) === 0) return false;
      insertEvents(runId, positionOf(runId).lastSeq, at, events);
      return true;
    },
    send(runId, event) {
      refuseOutdated();
      const at = clock.now();
      if (statements.countSent.run({ id: runId, at }) === 0) return false;
      insertEvents(runId, positionOf(runId).lastSeq, at, [event]);
      return true;
    },
  };
}
