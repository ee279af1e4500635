/** The RunStore port on SQLite: each verb one transaction, each write fenced by epoch and status. */
import { eq } from "drizzle-orm";
import type { RunEvent } from "../../../core/journal/event.js";
import type { Clock } from "../../../core/ports/clock-and-log.js";
import type { RunLease, RunStore } from "../../../core/ports/run-store.js";
import { LEASE_MS } from "../../../core/run/limits.js";
import { isEnded, type Run } from "../../../core/run/run.js";
import { createCommitQueue } from "../connection/commit-queue.js";
import type { Connection } from "../connection/connection.js";
import type { Owners } from "../connection/owner.js";
import { sessions } from "../connection/tables.js";
import { createChangeWatch } from "../connection/watch-changes.js";
import { trimLog } from "../maintenance/trim-log.js";
import { createLapsedLease } from "./lapsed-lease.js";
import { createRunLists } from "./list-runs.js";
import { prepareJournalReads } from "./read-journal.js";
import { toRun } from "./run-row.js";
import { prepareSharedBudgets } from "./shared-budgets.js";
import { prepareStatements } from "./statements.js";
import { createRunWrites } from "./write-runs.js";

/**
 * Prepares the statements that every turn of every run executes. Verbs do their work when they are called; only `append`
 * and `createRun` may wait for others, to share an fsync. Writes wait for the lock of another process in the queue, all with
 * the same patience, and this process does other work meanwhile; only `interruptAll` blocks.
 */
export function createRunStore(connection: Connection, clock: Clock, { own: owner, isProvablyDead }: Owners): RunStore {
  const { sqlite, db, verb, atomically } = connection;
  const statements = prepareStatements(sqlite, db);
  const journal = prepareJournalReads(sqlite);
  const budgets = prepareSharedBudgets(sqlite);
  const writes = createRunWrites(connection, { statements, journal, budgets }, clock, owner);
  const listRuns = createRunLists(sqlite);
  const queue = createCommitQueue(connection);
  const hasLapsed = createLapsedLease(clock);
  /** The runs that append; a single one shares its fsync with no other. */
  const active = new Set<string>();

  const write = <T>(act: () => T) => queue.enqueue(act, { atOnce: true, durable: true });

  function stopped(runIds: Iterable<string>): void {
    for (const id of runIds) active.delete(id);
  }

  function abandonedRuns() {
    const dead = new Map<string, boolean>();
    return statements.listOwned.all().filter((run) => {
      if (run.owner === null || run.owner === owner) return false;
      if (hasLapsed(run)) return true;
      if (!dead.has(run.owner)) dead.set(run.owner, isProvablyDead(run.owner));
      return dead.get(run.owner) === true;
    });
  }

  const findsAbandoned = verb((): boolean => {
    trimLog(sqlite);
    return abandonedRuns().length > 0 && !connection.isOutdated();
  });

  function interruptAbandoned(): readonly string[] {
    const reason = "the process that worked on it went away";
    return abandonedRuns()
      .filter(({ id, epoch, leaseExpiresAt }) => {
        const until = Math.min(clock.now(), (leaseExpiresAt ?? 0) - LEASE_MS); // renewed last
        const crashed: RunEvent = { type: "run_interrupted", reason, until, crashed: true };
        return writes.append({ runId: id, epoch }, [crashed]) !== null;
      })
      .map(({ id }) => id);
  }

  function leaseOf(id: string) {
    const [status, epoch] = statements.getLease.first({ id }) ?? [];
    return status === undefined ? null : ({ status, epoch } as Pick<Run, "status" | "epoch">);
  }

  const getRun = verb((id: string): Run | null => {
    const row = statements.getRun.get({ id });
    return row ? toRun(row) : null;
  });
  const listEvents = verb(journal.listEvents);

  /** A run that this process has just claimed, with its journal; none where it was ended since. */
  function claimed({ runId, epoch }: RunLease) {
    const run = getRun(runId);
    return run?.status === "running" && run.epoch === epoch + 1 ? [{ run, events: listEvents(runId, ALL) }] : [];
  }

  return {
    isReadOnly: sqlite.readonly,
    isOutdated: async () => verb(connection.isOutdated)(),
    createRun: (run, options) => queue.enqueue(() => writes.createRun(run, options), { atOnce: false, durable: true }), // a host that spawns many runs sends all calls at once
    async append(lease, { events, blobs, reservation }, { durable }) {
      active.add(lease.runId);
      const append = () => {
        const written = writes.append(lease, events, reservation);
        if (written !== null) writes.putBlobs(blobs);
        return written;
      };
      const stored = await queue.enqueue(append, { atOnce: active.size <= 1, durable });
      if (stored === null || events.some(letsGo)) stopped([lease.runId]);
      return stored;
    },
    async endTree(runId, outcome) {
      const tree = await write(() => writes.endTree(runId, outcome));
      stopped(tree.filter(({ ended }) => ended).map(({ id }) => id));
      return tree;
    },
    async interruptAll(leases, reason, { withinMs }) {
      queue.flush(withinMs);
      const interrupt = () =>
        atomically(() => {
          const until = clock.now();
          for (const lease of leases) writes.append(lease, [{ type: "run_interrupted", reason, until }]);
        });
      connection.verbAtOnce(() => connection.within(withinMs, interrupt))();
      stopped(leases.map(({ runId }) => runId));
    },
    async claimAll(candidates) {
      const claims = candidates.filter(({ events }) => !events.some(letsGo));
      for (const { lease } of claims) listEvents(lease.runId, ALL); // claims no run of a tree where the journal of one cannot be read
      const owned = await write(() => {
        connection.refuseOutdated();
        return candidates.filter(({ lease, events }) => {
          if (!events.some(letsGo)) return writes.claim(lease, events);
          writes.append(lease, events);
          return false;
        });
      });
      return owned.flatMap(({ lease }) => claimed(lease));
    },
    async reopen(lease, events) {
      const isClaimed = await write(() => writes.claim(lease, events));
      return isClaimed ? (claimed(lease)[0] ?? null) : null;
    },
    async listUnowned(project, since) {
      return verb(() => statements.listUnowned.all({ project, since }).map(toRun))();
    },
    async listExpired(now) {
      const asking = verb(() => statements.listAsking.all().map(toRun))();
      return asking.filter(({ question }) => question !== null && question.expiresAt <= now);
    },
    answer: (lease, events) => write(() => writes.answer(lease, events)),
    send: (runId, event) => write(() => writes.send(runId, event)),
    async interruptAbandoned() {
      if (sqlite.readonly || !findsAbandoned()) return [];
      return await write(interruptAbandoned); // looks again: an owner may renew its lease while this process waits for the lock
    },
    listAbandoned: async () => verb(abandonedRuns)().map(({ id }) => id),
    async renewLeases() {
      const renew = () => statements.renewLeases.run({ until: clock.now() + LEASE_MS, owner });
      await queue.enqueue(renew, { atOnce: true, durable: false });
    },
    async stillOwned(leases) {
      const isOwned = ({ runId, epoch }: RunLease) => {
        const lease = leaseOf(runId);
        return lease !== null && lease.epoch === epoch && !isEnded(lease.status);
      };
      return new Set(verb(() => leases.filter(isOwned).map(({ runId }) => runId))());
    },
    getRun: async (id) => getRun(id),
    statusOf: async (id) => verb(() => leaseOf(id)?.status ?? null)(),
    async spentIn(scope, butRunId) {
      return verb(() => budgets.spentIn(scope, { but: butRunId, own: butRunId }, clock.now()))();
    },
    async limitsAbove(runId) {
      const rows = verb(() => statements.limitsAbove.all({ runId }))();
      const limit = (value: unknown) => (value === null ? null : Number(value));
      return rows.map(([id, usd, tokens]) => ({ runId: String(id), usd: limit(usd), tokens: limit(tokens) }));
    },
    async findRun(project, key) {
      const row = verb(() => statements.getRunByKey.get({ project, key }))();
      if (!row) return null;
      await connection.synced(); // it may have been created a moment ago
      return { run: toRun(row), requestHash: row.requestHash };
    },
    idsWithPrefix: async (prefix, limit) =>
      verb(() => statements.idsWithPrefix.all({ prefix, limit }))().map(({ id }) => id),
    getRuns: async (ids) => ids.map(getRun).filter((run) => run !== null),
    listRuns: async (filter) => verb(listRuns)(filter),
    hasNewerEvents: async (runId) => verb(journal.hasNewerEvents)(runId),
    hasNewerEnds: async (runId) => verb(journal.hasNewerEnds)(runId),
    listEvents: async (runId, query) => listEvents(runId, query),
    lastEvents: async (runId, query) => verb(journal.lastEvents)(runId, query),
    listEffects: async (runId, limit) => verb(journal.listEffects)(runId, limit),
    getBlob: async (hash) => verb(() => statements.getBlob.get({ hash })?.text ?? null)(),
    subscribe: createChangeWatch(connection),
    async endSession(id) {
      if (sqlite.readonly) return; // none was begun
      await write(() => db.update(sessions).set({ endedAt: clock.now() }).where(eq(sessions.id, id)).run());
    },
    async close() {
      if (!sqlite.open) return;
      try {
        if (!sqlite.readonly) sqlite.pragma("wal_checkpoint(PASSIVE)"); // a blocked checkpoint must not hold up the exit
      } finally {
        connection.close();
      }
    },
  };
}

const ALL = { afterSeq: 0 };

/** Whether nobody owns the run after this event. */
function letsGo({ type }: RunEvent): boolean {
  return type === "run_finished" || type === "question_asked";
}
