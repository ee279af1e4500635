/** The RunStore port on SQLite: each verb one transaction, each write fenced by epoch and status. */
import { createHash } from "node:crypto";
import { eq, sql } from "drizzle-orm";
import type { Clock } from "../../../core/ports/clock-and-log.js";
import type { CreateRunResult, EndedRun, NewRun, RunLease, RunStore } from "../../../core/ports/run-store.js";
import { toUsd } from "../../../core/run/cost.js";
import { EVENT_VERSION, type RunEvent, type StoredEvent } from "../../../core/run/event.js";
import { LEASE_MS } from "../../../core/run/limits.js";
import { projectEvents } from "../../../core/run/projection.js";
import { isEnded, type Outcome, type Run, type RunStatus } from "../../../core/run/run.js";
import type { Connection } from "../connection/connection.js";
import type { Owners } from "../connection/owner.js";
import { runs, sessions } from "../connection/tables.js";
import { trimLog } from "../maintenance/trim-log.js";
import { createRunLists } from "./list-runs.js";
import { prepareJournalReads } from "./read-journal.js";
import { toNewRow, toNewSessions, toRun } from "./run-row.js";
import { prepareStatements, prepareTransition } from "./statements.js";

/** Prepares what every turn of every run executes. */
export function createRunStore(connection: Connection, clock: Clock, { own: owner, isProvablyDead }: Owners): RunStore {
  const { sqlite, db, verb, verbAtOnce, atomically, atomicallyUnsynced } = connection;
  const statements = prepareStatements(sqlite, db);
  const journal = prepareJournalReads(sqlite);
  const listRuns = createRunLists(sqlite);
  const transitions = new Map<RunStatus, ReturnType<typeof prepareTransition>>();

  function transition(to: RunStatus) {
    const prepared = transitions.get(to) ?? prepareTransition(sqlite, db, to);
    transitions.set(to, prepared);
    return prepared;
  }

  /** Inside a transaction: projects the events on the row if the hold is good, then writes them. */
  function write(lease: RunLease, events: readonly RunEvent[]): readonly StoredEvent[] | null {
    const at = clock.now();
    const { status, outcome, question, usage, finished, ...delta } = projectEvents(events);
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
    if (outcome !== null) endBelow(lease.runId);
    const { lastSeq, parentRunId } = positionOf(lease.runId);
    if (finished && parentRunId !== null) statements.forgiveAncestors.run({ parentRunId });
    return insertEvents(lease.runId, lastSeq, at, events);
  }

  /** Nobody would read what they do: all that still goes on below a run ends with it. */
  function endBelow(runId: string): void {
    const message = `the run ${runId} above it was ended`;
    const outcome: Outcome = { status: "cancelled", result: null, error: { code: "parent_ended", message } };
    for (const { id, epoch } of statements.listLivingBelow.all({ runId }))
      write({ runId: id, epoch }, [{ type: "run_finished", outcome }]);
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
    const { type, ...data } = event;
    statements.insertEvent.run({ runId, seq, at, type, version: EVENT_VERSION, data: JSON.stringify(data) });
    return { seq, at, event };
  }

  function createRun(run: NewRun): CreateRunResult {
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

  function takeOver({ runId, epoch }: RunLease, events: readonly RunEvent[]): Run | null {
    const at = clock.now();
    const afresh = events.some((event) => event.type === "run_resumed" && event.by !== "recovery") ? 1 : 0;
    const held = { id: runId, epoch, owner, leaseExpiresAt: at + LEASE_MS };
    if (statements.claim.run({ ...held, afresh, at, count: events.length }) === 0) return null;
    insertEvents(runId, positionOf(runId).lastSeq, at, events);
    return getRun(runId);
  }

  function answer({ runId, epoch }: RunLease, events: readonly RunEvent[]): boolean {
    const at = clock.now();
    if (statements.answerQuestion.run({ id: runId, epoch, at, count: events.length }) === 0) return false;
    insertEvents(runId, positionOf(runId).lastSeq, at, events);
    return true;
  }

  function send(runId: string, event: RunEvent): boolean {
    const at = clock.now();
    if (statements.countSent.run({ id: runId, at }) === 0) return false;
    insertEvents(runId, positionOf(runId).lastSeq, at, [event]);
    return true;
  }

  function endTree(runId: string, outcome: Outcome): readonly EndedRun[] {
    const tree = db.all<{ id: string; status: RunStatus; epoch: number }>(sql`
      WITH RECURSIVE tree(id) AS (
        SELECT ${runId} UNION SELECT ${runs.id} FROM ${runs} JOIN tree ON ${runs.parentRunId} = tree.id
      )
      SELECT ${runs.id} AS id, ${runs.status} AS status, ${runs.epoch} AS epoch FROM ${runs} JOIN tree USING (id)`);
    const root = tree.find(({ id }) => id === runId);
    const canEnd = root && write({ runId, epoch: root.epoch }, [{ type: "run_finished", outcome }]) !== null;
    return tree.map(({ id, status }) => ({ id, was: status, ended: canEnd === true && !isEnded(status) }));
  }

  function abandonedRuns() {
    const now = clock.now();
    const dead = new Map<string, boolean>();
    return statements.listOwned.all().filter((run) => {
      if (run.owner === null || run.owner === owner) return false;
      if ((run.leaseExpiresAt ?? 0) <= now) return true;
      if (!dead.has(run.owner)) dead.set(run.owner, isProvablyDead(run.owner));
      return dead.get(run.owner) === true;
    });
  }

  function interruptAbandoned(): readonly string[] {
    if (sqlite.readonly || abandonedRuns().length === 0) return [];
    const reason = "the process that worked on it went away";
    // Looked at again: while this process waited for the lock the owner may have renewed its lease.
    return atomically(() =>
      abandonedRuns()
        .filter(({ id, epoch, leaseExpiresAt }) => {
          const until = (leaseExpiresAt ?? 0) - LEASE_MS; // renewed last
          return write({ runId: id, epoch }, [{ type: "run_interrupted", reason, until }]) !== null;
        })
        .map(({ id }) => id),
    );
  }

  function holdOf(id: string) {
    return statements.getHold.first({ id }) as [status: RunStatus, epoch: number] | undefined;
  }

  const getRun = verb((id: string): Run | null => {
    const row = statements.getRun.get({ id });
    return row ? toRun(row) : null;
  });

  return {
    isReadOnly: sqlite.readonly,
    together: (act) => verb(atomically<ReturnType<typeof act>>)(act),
    togetherAtOnce: (act) => verbAtOnce(atomicallyUnsynced<ReturnType<typeof act>>)(act),
    synced: connection.synced,
    syncLater: connection.syncLater,
    endSession: verb((id) => {
      if (sqlite.readonly) return; // none was begun
      db.update(sessions).set({ endedAt: clock.now() }).where(eq(sessions.id, id)).run();
    }),
    createRun: verb((run) => atomically(() => createRun(run))),
    append: verb((lease, events) => atomically(() => write(lease, events))),
    endTree: verb((runId, outcome) => atomically(() => endTree(runId, outcome))),
    interrupt: verb((leases, reason) =>
      atomically(() => {
        const until = clock.now();
        for (const lease of leases) write(lease, [{ type: "run_interrupted", reason, until }]);
      }),
    ),
    claim: verb((lease, events) => atomically(() => takeOver(lease, events))),
    listUnowned: verb((project, since) => statements.listUnheld.all({ project, since }).map(toRun)),
    listExpired: verb((now) =>
      statements.listAsking
        .all()
        .map(toRun)
        .filter(({ question }) => question !== null && question.expiresAt <= now),
    ),
    answer: verb((lease, events) => atomically(() => answer(lease, events))),
    send: verb((runId, event) => atomically(() => send(runId, event))),
    interruptAbandoned: verb(interruptAbandoned),
    renewLeases: verb(() => {
      statements.renewLeases.run({ until: clock.now() + LEASE_MS, owner });
    }),
    stillHeld: verb((leases) => {
      const good = leases.filter((lease) => {
        const [status, epoch] = holdOf(lease.runId) ?? [];
        return status !== undefined && epoch === lease.epoch && !isEnded(status);
      });
      return new Set(good.map(({ runId }) => runId));
    }),
    getRun,
    statusOf: verb((id) => holdOf(id)?.[0] ?? null),
    costOfTree: verb((rootRunId, butRunId) => {
      const [count, known, total] = (statements.costOfTree.first({ rootRunId, butRunId }) ?? [0, 0, 0]).map(Number);
      return { runs: count ?? 0, costUsd: known === count ? toUsd(total ?? 0) : null };
    }),
    costLimits: verb((runId) =>
      statements.costLimits.all({ runId }).map(([id, usd]) => ({ runId: String(id), usd: Number(usd) })),
    ),
    countLivingChildren: verb((parentRunId) => Number(statements.countLivingChildren.first({ parentRunId })?.[0])),
    findRun: verb((project, key) => {
      const row = statements.getRunByKey.get({ project, key });
      return row ? { run: toRun(row), requestHash: row.requestHash } : null;
    }),
    getRuns: (ids) => ids.map(getRun).filter((run) => run !== null),
    listRuns: verb(listRuns),
    listEvents: verb(journal.listEvents),
    lastEvents: verb(journal.lastEvents),
    listEffects: verb(journal.listEffects),
    putBlob: verb((text) => {
      const hash = createHash("sha256").update(text).digest("hex");
      statements.insertBlob.run({ hash, text, createdAt: clock.now() });
      return hash;
    }),
    getBlob: verb((hash) => statements.getBlob.get({ hash })?.text ?? null),
    changeCounter: verb(() => sqlite.pragma("data_version", { simple: true }) as number),
    trimLog: verb(() => {
      if (!sqlite.readonly) trimLog(sqlite);
    }),
    hurry: verb(connection.hurry),
    close: () => {
      if (!sqlite.open) return;
      try {
        if (!sqlite.readonly) sqlite.pragma("wal_checkpoint(PASSIVE)"); // a blocked checkpoint must not hold up the exit
      } finally {
        connection.close();
      }
    },
  };
}
