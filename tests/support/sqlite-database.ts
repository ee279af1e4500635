/** A SQLite database for the contract suites. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Database from "better-sqlite3";
import type { RunStore } from "../../src/core/ports/run-store.js";
import { type Connection, connect } from "../../src/store/sqlite/connection/connection.js";
import { openDatabaseObserver } from "../../src/store/sqlite/connection/open-database-observer.js";
import { processOwners } from "../../src/store/sqlite/connection/owner.js";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { createCatalogStore } from "../../src/store/sqlite/runs/catalog-store.js";
import { createPaceStore } from "../../src/store/sqlite/runs/pace-store.js";
import { createPinStore } from "../../src/store/sqlite/runs/pin-store.js";
import { createRunStore } from "../../src/store/sqlite/runs/run-store.js";
import type { StoredRun, StoreImplementation, StorePorts } from "../contract/implementations.js";

const IN_MEMORY = "/dev/shm"; // the power stays on, and the suites commit some 10,000 times

let processes = 0;

export const sqlite: StoreImplementation = {
  name: "SQLite",
  ownName: () => processOwners().own,
  create(clock) {
    const folder = mkdtempSync(join(existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(), "legwork-contract-"));
    const file = join(folder, "home", "legwork.db");
    const connections = new Map<RunStore, Connection>();
    const remember = (connection: Connection, ports: StorePorts) => {
      connections.set(ports.runs, connection);
      return ports;
    };
    let looks: Database.Database | null = null;
    const write = (sql: string, ...values: readonly string[]) => {
      const database = openSqlite(file);
      database.prepare(sql).run(...values);
      database.close();
    };
    return {
      open(process = { own: `process ${++processes}`, isProvablyDead: () => false }) {
        const connection = connect(file);
        return remember(connection, {
          runs: createRunStore(connection, clock, process),
          catalogs: createCatalogStore(connection, clock),
          pins: createPinStore(connection, clock),
          paces: createPaceStore(connection),
        });
      },
      replace(crashed, process) {
        const connection = connections.get(crashed.runs);
        if (!connection) throw new Error("the crashed process was opened by somebody else");
        return remember(connection, { ...crashed, runs: createRunStore(connection, clock, process) });
      },
      observe: () => openDatabaseObserver(file),
      look(project) {
        looks ??= openSqlite(file, { readonly: true });
        return looks.prepare<[string], Row>(ROWS).all(project).map(toStoredRun);
      },
      damageJournal: (runId) =>
        write(
          "UPDATE run_events SET data = '{' WHERE run_id = ? AND seq = (SELECT last_seq FROM runs WHERE id = ?)",
          runId,
          runId,
        ),
      damageCatalogs() {
        write("DROP TABLE catalogs");
        write("DROP TABLE pins");
      },
      remove() {
        looks?.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

interface Row extends Omit<StoredRun, "hasEnded" | "hasOutcome" | "events"> {
  readonly hasEnded: 0 | 1;
  readonly hasOutcome: 0 | 1;
  readonly events: string;
}

const ROWS = `
  SELECT id, owner, lease_expires_at AS leaseUntil, status, epoch, attempts, interrupted_at AS interruptedAt,
    last_seq AS lastSeq, (finished_at IS NOT NULL) AS hasEnded, (outcome IS NOT NULL) AS hasOutcome,
    (SELECT group_concat(seq || ' ' || type ORDER BY seq) FROM run_events WHERE run_id = runs.id) AS events
  FROM runs WHERE project = ? ORDER BY rowid`;

function toStoredRun({ hasEnded, hasOutcome, events, ...row }: Row): StoredRun {
  return { ...row, hasEnded: hasEnded === 1, hasOutcome: hasOutcome === 1, events: events.split(",") };
}
