/** The amounts that runs have used and reserved together, by the scope of a limit. */
import type Database from "better-sqlite3";
import { sql } from "drizzle-orm";
import type { Scope, Spent } from "../../../core/run/budget.js";
import { toUsd } from "../../../core/run/cost.js";
import { type NativeStatement, toNative } from "../driver/native-statement.js";

const { placeholder } = sql;

/** The amounts that one commit adds to the day. */
export interface Used {
  readonly usd: number;
  readonly tokens: number;
}

export interface SharedBudgets {
  /** `but` names a run whose own use is left out, `own` one whose reservation is. */
  spentIn(scope: Scope, runs: { readonly but: string; readonly own: string }, now: number): Spent;
  add(used: Used, now: number): void;
}

export function prepareSharedBudgets(sqlite: Database.Database): SharedBudgets {
  const ofTree = sumOver(sqlite, sql`select ${placeholder("id")}`);
  const ofSession = sumOver(
    sqlite,
    sql`
      select id from runs where parent_run_id is null
      and parent_session_id =
        coalesce((select parent_session_id from runs where id = ${placeholder("id")}), ${placeholder("id")})`,
  );
  const ofDay = toNative(
    sqlite,
    sql`
      select 0, 0, coalesce((select usd from daily_usage where day = ${placeholder("day")}), 0),
        coalesce((select tokens from daily_usage where day = ${placeholder("day")}), 0),
        total(reserved_usd), total(reserved_tokens)
      from runs where reserved_tokens > 0 and id <> ${placeholder("own")}`,
  );
  const add = toNative(
    sqlite,
    sql`
      insert into daily_usage (day, usd, tokens)
      values (${placeholder("day")}, ${placeholder("usd")}, ${placeholder("tokens")})
      on conflict (day) do update set usd = usd + excluded.usd, tokens = tokens + excluded.tokens`,
  );

  return {
    spentIn(scope, { but, own }, now) {
      switch (scope.kind) {
        case "tree":
          return toSpent(ofTree.first({ id: scope.runId, but, own }));
        case "session":
          return toSpent(ofSession.first({ id: scope.of, but, own }));
        case "day":
          return toSpent(ofDay.first({ day: dayOf(now), own }));
      }
    },
    add(used, now) {
      if (used.usd > 0 || used.tokens > 0) add.run({ day: dayOf(now), ...used });
    },
  };
}

/** The sums over the runs that `roots` selects, and all below them. */
function sumOver(sqlite: Database.Database, roots: ReturnType<typeof sql>): NativeStatement {
  return toNative(
    sqlite,
    sql`
      with recursive tree(id) as (${roots} union select runs.id from runs join tree on runs.parent_run_id = tree.id)
      select count(*) filter (where id <> ${placeholder("but")}),
        count(cost_usd) filter (where id <> ${placeholder("but")}),
        total(cost_usd) filter (where id <> ${placeholder("but")}),
        total(input_tokens + output_tokens + thinking_tokens) filter (where id <> ${placeholder("but")}),
        total(reserved_usd) filter (where id <> ${placeholder("own")}),
        total(reserved_tokens) filter (where id <> ${placeholder("own")})
      from runs join tree using (id)`,
  );
}

function toSpent(row: readonly unknown[] | undefined): Spent {
  const [runs = 0, known = 0, usd = 0, tokens = 0, reservedUsd = 0, reservedTokens = 0] = (row ?? []).map(Number);
  return { runs, usd: known === runs ? toUsd(usd) : null, tokens, reservedUsd: toUsd(reservedUsd), reservedTokens };
}

/** The local calendar day, such as "2026-11-30". */
function dayOf(now: number): string {
  const date = new Date(now);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
