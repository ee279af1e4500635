/** list_runs: lists runs, newest first. */
import { z } from "zod";
import { RequestError } from "../../core/errors.js";
import { type ListedRun, RUN_STATUSES } from "../../core/run/run.js";
import { newerFault } from "../../runner/request/newer-runs.js";
import { cursorNumber, cursorText, decodeCursor, encodeCursor, sizeOf } from "../../views/page.js";
import { toListed } from "../../views/run-view.js";
import { cursor, runId } from "../schemas.js";
import { type Answer, defineTool, type ToolContext } from "../tool.js";

export const listRuns = defineTool({
  name: "list_runs",
  title: "List runs",
  description:
    "Lists runs of legwork agents (spawn_agent), newest first, also those in the background and of earlier sessions: of this project (default), of this host connection (session) or of all projects. It knows no sub-agents or tasks of the host.",
  searchHint: "legwork agent runs, background, history, find run_id",
  annotations: { readOnlyHint: true, openWorldHint: false },
  input: z.strictObject({
    status: z.array(z.enum(RUN_STATUSES)).min(1).optional(),
    agent: z.string().max(1_000).optional(),
    scope: z.enum(["session", "project", "all"]).default("project"),
    parent_run_id: runId.optional(),
    since: z.string().optional().describe("ISO 8601 time: only runs created at or after it."),
    limit: z.int().min(1).max(100).default(20),
    cursor,
  }),
  output: z.looseObject({ runs: z.array(z.looseObject({})).optional(), next_cursor: z.string().nullable().optional() }),
  async handle(args, context) {
    const { store, runner, project, host, session } = context;
    const page = decodeCursor("list", args.cursor);
    const found = await store.listRuns({
      status: args.status === undefined ? null : args.status,
      agent: args.agent ?? null,
      project: args.scope === "project" ? project : null,
      parentSessionId: args.scope === "session" ? session.id : null,
      parentRunId: args.parent_run_id ?? null,
      since: args.since === undefined ? null : parseTime(args.since),
      after: page && { id: cursorText(page.after), createdAt: cursorNumber(page.created) },
      limit: args.limit + 1,
    });
    const runs: Answer[] = [];
    let last: ListedRun | null = null;
    let room = host.maxAnswer - 200;
    for (const run of found.slice(0, args.limit)) {
      const missing = await missingHere(run, context);
      const listed = { ...toListed(run, runner), ...(missing.length > 0 ? { missing } : {}) };
      room -= sizeOf(listed) + 1;
      if (room < 0 && runs.length > 0) break;
      runs.push(listed);
      last = run;
    }
    const more = found.length > runs.length;
    const next = more && last ? encodeCursor("list", { after: last.id, created: last.createdAt }) : null;
    return { next_cursor: next, runs };
  },
});

/** Why this process does not recover an interrupted run, or accepts no answer for a waiting one; empty for other runs. */
async function missingHere({ id, status }: ListedRun, { store, runner }: ToolContext): Promise<readonly string[]> {
  if (status !== "interrupted" && status !== "waiting") return [];
  const run = await store.getRun(id);
  if (run === null) return [];
  if (status === "interrupted") return await runner.missing(run);
  const newer = await newerFault(run, store);
  return newer === null ? [] : [newer.message];
}

function parseTime(text: string): number {
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new RequestError("invalid_arguments", `since: "${text}" is not an ISO 8601 time such as 2026-11-22T10:00:00Z`);
}
