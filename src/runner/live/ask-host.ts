/** Puts a run's question to the person at the host, where the host can ask. */

import type { Log } from "../../core/ports/clock-and-log.js";
import type { ElicitReply, ElicitRequest } from "../../core/ports/host.js";
import type { Question } from "../../core/run/question.js";
import type { Run } from "../../core/run/run.js";
import type { RuntimeParts } from "../runtime.js";
import { answerRun, type Reply } from "./answer-run.js";

export type Elicit = (request: ElicitRequest, signal: AbortSignal) => Promise<ElicitReply>;

/** Resolves when the person has answered, or will not: then the run goes on waiting for another door. Never rejects. */
export async function askHost(
  run: Run,
  elicit: Elicit,
  runtime: Pick<RuntimeParts, "store" | "bus" | "watch" | "clock" | "redact">,
  log: Log,
): Promise<void> {
  const { question } = run;
  if (question === null) return;
  const over = new AbortController();
  const look = () => {
    const now = runtime.store.getRun(run.id);
    if (now?.status !== "waiting" || now.question?.id !== question.id) over.abort();
  };
  const unsubscribe = runtime.bus.subscribe([run.id], look);
  const unwatch = runtime.watch.subscribe(look);
  try {
    const reply = await elicit(
      { server: `agent "${run.title}"`, message: question.text, schema: formFor(question) },
      over.signal,
    );
    const response = toResponse(question, reply);
    if (response === null || over.signal.aborted) return;
    answerRun(run, response, { by: "the person at the host", channel: "elicitation" }, runtime);
  } catch (error) {
    log.info({ err: error, run: run.id }, "an answer at the host did not count");
  } finally {
    unsubscribe();
    unwatch();
  }
}

const COMMENT = { comment: { type: "string", title: "Comment for the agent" } };

function formFor({ kind, options }: Question): object {
  if (kind === "approval") {
    const approve = { type: "boolean", title: "Approve" };
    return { type: "object", properties: { approve, ...COMMENT }, required: ["approve"] };
  }
  const answer = { type: "string", title: "Answer" };
  if (options === null) return { type: "object", properties: { answer }, required: ["answer"] };
  return {
    type: "object",
    properties: { answer: { ...answer, enum: [...options] }, ...COMMENT },
    required: ["answer"],
  };
}

/** Null leaves the question open. A person who declines to approve has denied. */
function toResponse({ kind }: Question, { action, content }: ElicitReply): Reply | null {
  const comment = String(content?.comment ?? "") || null;
  if (action === "cancel") return null;
  if (kind === "approval") {
    const approve = action === "accept" && content?.approve === true;
    return { questionId: null, approve, text: null, comment };
  }
  return action === "accept" ? { questionId: null, approve: null, text: String(content?.answer ?? ""), comment } : null;
}
