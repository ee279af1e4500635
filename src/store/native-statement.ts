/** Queries that Drizzle has built, executed by SQLite itself: for what every turn of every run writes. */
import type Database from "better-sqlite3";
import { is, Param, Placeholder } from "drizzle-orm";

/** Values by placeholder name; what is missing is null. */
export type Values = Readonly<Record<string, string | number | null | undefined>>;

export interface NativeStatement {
  /** The first row, its columns in the order of the query; undefined where there is none. */
  first(values: Values): readonly unknown[] | undefined;
  run(values: Values): void;
}

/** Prepares a query once. Its values go to SQLite as they are: it must not use columns that Drizzle encodes, such as JSON. */
export function toNative(
  sqlite: Database.Database,
  query: { toSQL(): { sql: string; params: unknown[] } },
): NativeStatement {
  const { sql, params } = query.toSQL();
  const statement = sqlite.prepare(sql);
  const slots = params.map((param) => (is(param, Param) ? param.value : param));
  const bind = (values: Values) => slots.map((slot) => (is(slot, Placeholder) ? (values[slot.name] ?? null) : slot));
  const reader = statement.reader ? statement.raw() : null;
  return {
    first: (values) => reader?.get(bind(values)) as readonly unknown[] | undefined,
    run: (values) => void statement.run(bind(values)),
  };
}
