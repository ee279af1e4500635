/** Puts a run's question to the person at the host, where the host can ask. */
import type { Log } from "../../core/ports/clock-and-log.js";
import type { Elicit, ElicitReply } from "../../core/ports/host.js";
import type { RunStore } from "../../core/ports/run-store.js";
import type { Question } from "../../core/run/question.js";
import type { Run } from "../../core/run/run.js";
import { type AnswerDeps, answerRun, type Reply } from "./answer-run.js";
import type { EventBus } from "./event-bus.js";

export interface AskHostDeps extends AnswerDeps {
  readonly store: AnswerDeps["store"] & Pick<RunStore, "subscribe">;
  readonly bus: EventBus;
  readonly elicit: Elicit;
  readonly log: Log;
}

/** Resolves when the person has answered, or will not: then the run waits for another channel. Never rejects. */
export async function askHost(run: Run, deps: AskHostDeps): Promise<void> {
  const { store, bus, elicit, log } = deps;
  const { question } = run;
  if (question === null) return;
  const over = new AbortController();
  const look = async () => {
    const now = await store.getRun(run.id);
    if (now?.status !== "waiting" || now.question?.id !== question.id) over.abort();
  };
  const lookLogged = () =>
    void look().catch((error: unknown) => log.error({ err: error, run: run.id }, "cannot follow a question"));
  const unsubscribe = [bus.subscribe([run.id], { onEvents: lookLogged }), store.subscribe(lookLogged)];
  try {
    await look(); // it may have been answered while this process came to ask
    if (over.signal.aborted) return;
    const request = { server: `agent "${run.title}"`, message: question.text, schema: formFor(question) };
    const elicited = await elicit(request, over.signal);
    const reply = toReply(question, elicited);
    if (reply === null || over.signal.aborted) return;
    await answerRun(run, reply, { by: elicited.by, channel: "elicitation" }, deps);
  } catch (error) {
    log.info({ err: error, run: run.id }, "an answer at the host did not count");
  } finally {
    for (const end of unsubscribe) end();
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

/** Null leaves the question open. */
function toReply({ kind }: Question, { action, content }: ElicitReply): Reply | null {
  if (action !== "accept") return null;
  const { comment: words, approve, answer } = content ?? {};
  const comment = typeof words === "string" && words !== "" ? words : null;
  if (kind === "approval")
    return typeof approve === "boolean" ? { questionId: null, approve, text: null, comment } : null;
  return typeof answer === "string" ? { questionId: null, approve: null, text: answer, comment } : null;
}
