/** `legwork runs respond`: answers what a run asks, or writes to its agent while it works. */
import { ConfigError } from "../../core/errors.js";
import type { RunStore } from "../../core/ports/run-store.js";
import type { Run } from "../../core/run/run.js";
import type { ReplyOrMessage } from "../../runner/live/answer-run.js";
import { type CommandEnd, OK_EXIT } from "../render/command-end.js";
import { visibleJson } from "../render/visible.js";

export interface RespondOptions {
  readonly json: boolean;
  readonly approve: boolean;
  readonly deny: boolean;
  readonly answer: string | null;
  readonly comment: string | null;
  readonly question: string | null;
  readonly message: string | null;
}

export interface RespondDeps {
  readonly store: Pick<RunStore, "getRun">;
  readonly shapes: { whole(run: Run): Promise<object> };
  respond(run: Run, reply: ReplyOrMessage): Promise<void>;
}

/** Whether something is said to a run. */
function responds({ approve, deny, answer, comment, question, message }: RespondOptions): boolean {
  return approve || deny || [answer, comment, question, message].some((text) => text !== null);
}

/** Throws ConfigError, RequestError where the run does not take it, StoreError. */
export async function respondCommand(run: Run, options: RespondOptions, deps: RespondDeps): Promise<CommandEnd> {
  const { approve, deny, answer, comment, question, message } = options;
  if (approve && deny) throw new ConfigError("--approve and --deny are opposites: use one of them");
  if (!responds(options)) throw new ConfigError("say --approve, --deny, --answer TEXT or --message TEXT");
  const verdict = approve || deny ? approve : null;
  await deps.respond(run, { questionId: question, approve: verdict, text: answer, comment, message });
  const now = (await deps.store.getRun(run.id)) ?? run;
  const next =
    message === null
      ? `has its answer to ${run.question?.id}, and goes on as soon as a legwork of its project has room`
      : `is ${now.status}: its agent reads the message before its next step`;
  const text = options.json
    ? visibleJson({ was: run.status, run: await deps.shapes.whole(now) })
    : `${run.id} ${next}\n`;
  return { text, exitCode: OK_EXIT };
}
