/** Lists over many runs: the right ones under every filter, and never by reading through the table. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Database from "better-sqlite3";
import { SQLiteSyncDialect } from "drizzle-orm/sqlite-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fillStore, RARE } from "../../bench/support/stored-runs.mjs";
import type { RunFilter, RunStore } from "../../src/core/ports/run-store.js";
import { type ListedRun, RUN_STATUSES } from "../../src/core/run/run.js";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { toDrizzle } from "../../src/store/sqlite/driver/to-drizzle.js";
import { openStore } from "../../src/store/sqlite/open-store.js";
import { shapeOf, toListQuery } from "../../src/store/sqlite/runs/list-runs.js";
import { prepareStatements } from "../../src/store/sqlite/runs/statements.js";
import { EVERYTHING } from "../support/run-filter.js";

const RUNS = 2_000;

let folder: string;
let about: Awaited<ReturnType<typeof fillStore>>;
let store: RunStore;
let sqlite: Database.Database;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "legwork-scale-"));
  const file = join(folder, "legwork.db");
  about = await fillStore(file, RUNS);
  store = openStore(file, { now: Date.now }).runs;
  sqlite = openSqlite(file, { readonly: true });
});
afterAll(async () => {
  sqlite.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Every combination of what can be asked: of many runs, of few, of none. */
function filters(): readonly RunFilter[] {
  const scopes: readonly Partial<RunFilter>[] = [
    {},
    ...[about.project, about.rareProject, RARE.nowhere].map((project) => ({ project })),
    { parentSessionId: about.session },
    { parentRunId: about.parent },
    { parentRunId: about.parent, project: about.rareProject },
    { parentRunId: about.parent, parentSessionId: about.session, project: about.project },
  ];
  return scopes.flatMap((scope) =>
    [null, ["success"], ["error", "error", RARE.status]].flatMap((status) =>
      [null, "default", RARE.agent, RARE.nowhere].flatMap((agent) =>
        [null, about.middle].flatMap((since) =>
          [null, { id: about.parent, createdAt: about.newest - 60_000 }].map(
            (after): RunFilter => ({
              ...EVERYTHING,
              ...scope,
              agent,
              since,
              after,
              status: status as RunFilter["status"],
            }),
          ),
        ),
      ),
    ),
  );
}

interface Row {
  readonly id: string;
  readonly status: string;
  readonly agent: string;
  readonly project: string;
  readonly parent_session_id: string;
  readonly parent_run_id: string | null;
  readonly created_at: number;
}

function isWanted(row: Row, filter: RunFilter): boolean {
  const { status, agent, project, parentSessionId, parentRunId, since, after } = filter;
  const isBehind = ({ id, createdAt }: Pick<ListedRun, "id" | "createdAt">) =>
    row.created_at < createdAt || (row.created_at === createdAt && row.id < id);
  return (
    (status === null || (status as readonly string[]).includes(row.status)) &&
    (agent === null || row.agent === agent) &&
    (project === null || row.project === project) &&
    (parentSessionId === null || row.parent_session_id === parentSessionId) &&
    (parentRunId === null || row.parent_run_id === parentRunId) &&
    (since === null || row.created_at >= since) &&
    (after === null || isBehind(after))
  );
}

it("gives the newest of the right runs under every filter", async () => {
  const rows = sqlite.prepare("SELECT * FROM runs ORDER BY created_at DESC, id DESC").all() as Row[];
  let found = 0;
  for (const filter of filters()) {
    const wanted = rows.filter((row) => isWanted(row, filter)).map(({ id }) => id);
    const listed = (await store.listRuns(filter)).map(({ id }) => id);
    expect(listed, JSON.stringify(filter)).toEqual(wanted.slice(0, filter.limit));
    found += listed.length;
  }
  expect(rows).toHaveLength(RUNS);
  expect(found).toBeGreaterThan(RUNS);
});

it("gives all of them page by page, each once, in any status", async () => {
  const ids: string[] = [];
  let after: ListedRun | null = null;
  for (;;) {
    const page: readonly ListedRun[] = await store.listRuns({ ...EVERYTHING, after, limit: 300 });
    ids.push(...page.map(({ id }) => id));
    after = page.at(-1) ?? null;
    if (after === null) break;
  }
  expect(new Set(ids).size).toBe(RUNS);
  expect(ids).toHaveLength(RUNS);
});

it("reads one range of an index a status under every filter, and sorts nothing", () => {
  const dialect = new SQLiteSyncDialect();
  for (const filter of filters()) {
    const query = dialect.sqlToQuery(toListQuery(shapeOf(filter)));
    const explained = sqlite.prepare(`EXPLAIN QUERY PLAN ${query.sql}`).all(query.params.map(() => 1));
    const plan = (explained as { detail: string }[]).map(({ detail }) => detail);
    const reads = plan.filter((detail) => /^(SEARCH|SCAN)/.test(detail));
    expect(reads, JSON.stringify(filter)).toHaveLength(new Set(filter.status ?? RUN_STATUSES).size);
    for (const read of reads)
      expect(read, JSON.stringify(filter)).toMatch(/^SEARCH runs USING INDEX runs_by_.*status=\?/);
    expect(plan.join("\n"), JSON.stringify(filter)).not.toContain("TEMP B-TREE");
  }
});

it("finds the runs that are at work, and renews their leases, by an index over few", () => {
  const { listOwned, renewLeases } = prepareStatements(sqlite, toDrizzle(sqlite));
  for (const { sql: text, params } of [listOwned.getQuery(), renewLeases.getQuery()]) {
    const plan = sqlite.prepare(`EXPLAIN QUERY PLAN ${text}`).all(params.map(() => 1)) as { detail: string }[];
    expect(plan.map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/^SEARCH runs USING INDEX runs_by_status/),
    ]);
  }
});
