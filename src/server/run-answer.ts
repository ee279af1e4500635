/** The answer of a tool about one run. */
import type { Run } from "../core/run/run.js";
import { sizeOf } from "../views/page.js";
import { toRunView } from "../views/run-view.js";
import { type Answer, type ToolContext, viewDeps } from "./tool.js";

/** The run within the limit of the host, with `extras` before its long fields: a host that cuts an answer cuts its end. */
export async function runAnswer(run: Run, extras: Answer, context: ToolContext): Promise<Answer> {
  const { run_id, status, next, ...rest } = await toRunView(
    run,
    viewDeps(context),
    context.host.maxAnswer - sizeOf(extras),
  );
  return { run_id, status, ...(next === undefined ? {} : { next }), ...extras, ...rest };
}
