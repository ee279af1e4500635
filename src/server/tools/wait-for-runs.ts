/** wait_for_runs: waits for the ends of runs, as long as the host allows. */
import { z } from "zod";
import type { Run } from "../../core/run/run.js";
import { sha256 } from "../../lib/hash.js";
import { fitRunViews } from "../../views/fit-run-view.js";
import { cursorNumber, cursorText, decodeCursor, encodeCursor, sizeOf } from "../../views/page.js";
import { toWholeRunView } from "../../views/run-view.js";
import { existingRun } from "../existing-run.js";
import { cursor, runId, waitSeconds } from "../schemas.js";
import { type Answer, defineTool, type ToolContext, viewDeps } from "../tool.js";

const LEAST_VIEW_SIZE = 100; // bytes

export const waitForRunsTool = defineTool({
  name: "wait_for_runs",
  title: "Wait for runs",
  description:
    "Waits until all (or any) of these background runs of spawn_agent have ended, or one needs you, at most wait_seconds. Returns pending (call it again for these), next_cursor and runs. A waiting run asks a person: ask the user, do not decide, and pass the answer to respond_to_run.",
  searchHint: null,
  annotations: { readOnlyHint: true, openWorldHint: false },
  input: z.strictObject({
    run_ids: z.array(runId).min(1).max(100),
    mode: z.enum(["any", "all"]).default("all"),
    wait_seconds: waitSeconds.default(45).describe("0 to 50; default 45."),
    cursor,
  }),
  output: z.looseObject({
    pending: z.array(z.string()).optional(),
    next_cursor: z.string().nullable().optional(),
    runs: z.array(z.looseObject({})).optional(),
  }),
  async handle({ run_ids, mode, wait_seconds, cursor: from }, context) {
    const { store, runner, host, signal, progress, redact } = context;
    const runIds = [...new Set(run_ids)];
    const page = decodeCursor(kindOf(runIds), from);
    const known = await Promise.all(runIds.map((id) => existingRun(id, store)));
    progress.follow(known, redact);
    // A later page shows what the first has waited for.
    const milliseconds = page === null ? Math.min(wait_seconds, host.maxWaitSeconds) * 1000 : 0;
    const runs = await runner.wait({ runIds, mode, milliseconds, signal, listener: progress });
    if (page !== null)
      return await waitPage(runs, { first: cursorText(page.first), after: cursorNumber(page.after) }, context);
    const asNamed = await waitPage(runs, { first: "", after: 0 }, context);
    return asNamed.next_cursor === null ? asNamed : await waitPage(runs, urgentFirst(runs, context), context);
  },
});

/** The order of the runs on all pages of an answer: `first` has a 1 for each run that comes before the others. */
interface Order {
  readonly first: string;
  readonly after: number;
}

/** Where several pages are needed, the runs that need their caller come first. */
function urgentFirst(runs: readonly Run[], { runner }: ToolContext): Order {
  return { first: runs.map((run) => (runner.needsCaller(run) ? "1" : "0")).join(""), after: 0 };
}

async function waitPage(runs: readonly Run[], { first, after }: Order, context: ToolContext): Promise<Answer> {
  const { runner, host } = context;
  const isFirst = (_: Run, index: number) => first[index] === "1";
  const ordered = [...runs.filter(isFirst), ...runs.filter((run, index) => !isFirst(run, index))].slice(after);
  const pending = runs.filter((run) => !runner.needsCaller(run)).map(({ id }) => id);
  const kind = kindOf(runs.map(({ id }) => id));
  const cursorAt = (place: number) => encodeCursor(kind, { first, after: place });
  const head = { pending, next_cursor: cursorAt(runs.length), next: MORE };
  const room = host.maxAnswer - sizeOf({ ...head, runs: [] });
  const candidates = ordered.slice(0, Math.max(1, Math.ceil(room / LEAST_VIEW_SIZE)));
  const views = await Promise.all(candidates.map((run) => toWholeRunView(run, viewDeps(context), room)));
  const shown = fitRunViews(views, room);
  const last = after + shown.length;
  const isWhole = last === runs.length && shown.every((view, index) => view === views[index]);
  const next_cursor = last < runs.length ? cursorAt(last) : null;
  return { pending, next_cursor, ...(isWhole ? {} : { next: MORE }), runs: shown };
}

const MORE =
  'get_run(run_id, view: "result") gives all of one run; the same run_ids with next_cursor as cursor, the runs after these';

function kindOf(runIds: readonly string[]): string {
  return `wait ${sha256(runIds.join(" ")).slice(0, 16)}`;
}
