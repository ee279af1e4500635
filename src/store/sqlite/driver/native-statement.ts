/** Runs queries that Drizzle has built as native SQLite statements, for the hot path. */
import type Database from "better-sqlite3";
import { is, Param, Placeholder, SQL } from "drizzle-orm";
import { SQLiteSyncDialect } from "drizzle-orm/sqlite-core";

/** Values by placeholder name; a missing one is null. */
export type Values = Readonly<Record<string, string | number | null | undefined>>;

export interface NativeStatement {
  /** The first row, its columns in the order of the query; undefined where there is none. */
  first(values: Values): readonly unknown[] | undefined;
  /** All rows, likewise. */
  all(values: Values): readonly (readonly unknown[])[];
  /** Returns how many rows it has changed. */
  run(values: Values): number;
}

const dialect = new SQLiteSyncDialect();

/** Prepares a query once. Its values go to SQLite as they are: it must not use columns that Drizzle encodes, such as JSON. */
export function toNative(
  sqlite: Database.Database,
  query: SQL | { toSQL(): { sql: string; params: unknown[] } },
): NativeStatement {
  const { sql, params } = is(query, SQL) ? dialect.sqlToQuery(query) : query.toSQL();
  const statement = sqlite.prepare(sql);
  const slots = params.map((param) => (is(param, Param) ? param.value : param));
  const bind = (values: Values) => slots.map((slot) => (is(slot, Placeholder) ? (values[slot.name] ?? null) : slot));
  const reader = statement.reader ? statement.raw() : null;
  return {
    first: (values) => reader?.get(bind(values)) as readonly unknown[] | undefined,
    all: (values) => (reader?.all(bind(values)) ?? []) as readonly (readonly unknown[])[],
    run: (values) => statement.run(bind(values)).changes,
  };
}
