/** The journals of a home, as they lie in the database. */
import { join } from "node:path";
import { openSqlite } from "../../../src/store/sqlite/driver/open-sqlite.js";
import type { Workbench } from "../host.js";

interface Row {
  readonly run: string;
  readonly seq: number;
  readonly type: string;
  readonly version: number;
  readonly data: string;
}

/** Each run's events in their order; the runs in the order of their making. */
export function journalsOf(bench: Workbench): object {
  const database = openSqlite(join(bench.home, "legwork.db"), { readonly: true });
  const sql = "SELECT run_id AS run, seq, type, version, data FROM run_events ORDER BY run_id, seq";
  const rows = database.prepare<[], Row>(sql).all();
  database.close();
  const journals: Record<string, object[]> = {};
  for (const { run, seq, type, version, data } of rows) {
    journals[run] ??= [];
    journals[run].push({ seq, type, version, data: JSON.parse(data) as object });
  }
  return journals;
}
