/** Answers a waiting run, or writes to a run at work: through any channel, from any process. */
import { RequestError } from "../../core/errors.js";
import type { RunEvent } from "../../core/journal/event.js";
import type { Clock } from "../../core/ports/clock-and-log.js";
import type { RunStore } from "../../core/ports/run-store.js";
import type { Redact } from "../../core/redact.js";
import { MOST } from "../../core/run/limits.js";
import {
  type Answer,
  type Channel,
  type Question,
  type QuestionAbout,
  unansweredInTime,
} from "../../core/run/question.js";
import { isEnded, type Run } from "../../core/run/run.js";
import type { EventBus } from "./event-bus.js";

export interface AnswerDeps {
  readonly store: Pick<
    RunStore,
    "answer" | "send" | "getRun" | "listEvents" | "listExpired" | "isOutdated" | "hasNewerEvents"
  >;
  readonly bus: Pick<EventBus, "publish">;
  readonly clock: Clock;
  readonly redact: Redact;
}

export interface RespondDeps extends AnswerDeps {
  newId(prefix: "msg"): string;
}

/** A reply to the question of a run. */
export interface Reply {
  /** The question that is meant; null is the open one. */
  readonly questionId: string | null;
  readonly approve: boolean | null;
  /** The answer to a question. */
  readonly text: string | null;
  readonly comment: string | null;
}

/** A reply, or a message to the agent. */
export type ReplyOrMessage = Reply & { readonly message: string | null };

export interface Author {
  readonly by: string;
  readonly channel: Channel;
}

/** Records a reply or sends a message. Throws RequestError; then nothing was written, but a question may have expired. */
export async function respond(
  run: Run,
  { message, ...reply }: ReplyOrMessage,
  author: Author,
  deps: RespondDeps,
): Promise<void> {
  const { approve, text, comment } = reply;
  if (message === null) {
    if (approve === null && text === null)
      throw invalid(comment === null ? "pass approve, answer or message" : "comment goes along with approve or answer");
    return await answerRun(run, reply, author, deps);
  }
  if (Object.values(reply).some((part) => part !== null)) throw invalid("message goes alone: it answers no question");
  await sendToRun(run, message, author, deps);
}

/**
 * Records the answer: any process with a free slot continues the run then. Throws RequestError; then nothing was written, but
 * the question may have expired.
 */
export async function answerRun(run: Run, reply: Reply, author: Author, deps: AnswerDeps): Promise<void> {
  const { question } = run;
  if (run.status !== "waiting" || question === null) throw await asksNothing(run, reply, deps);
  if (reply.questionId !== null && reply.questionId !== question.id)
    throw refusal(run, `waits for an answer to ${question.id}, not to ${reply.questionId}`);
  const answer = deps.redact.value(toAnswer(run, question, reply, author));
  if (question.expiresAt <= deps.clock.now()) {
    await record(run, question, unansweredInTime(question), deps);
    throw refusal(run, tooLate({ id: question.id, isApproval: question.kind === "approval" }));
  }
  if (!(await record(run, question, answer, deps)))
    throw refusal(run, `was answered or ended by another caller just now`);
}

/** Answers the questions that nobody has answered in time; leaves runs of a newer legwork to it. */
export async function answerExpired(deps: AnswerDeps): Promise<void> {
  const { store } = deps;
  if (await store.isOutdated()) return;
  for (const run of await store.listExpired(deps.clock.now()))
    if (run.question !== null && !(await store.hasNewerEvents(run.id)))
      await record(run, run.question, unansweredInTime(run.question), deps);
}

/** Sends the agent a message, to be read before its next model request. Throws RequestError where nobody would read it. */
async function sendToRun(run: Run, text: string, author: Author, deps: RespondDeps): Promise<void> {
  if (text.trim() === "") throw invalid("the message is empty: write something in it");
  refuseTooLong("message", text);
  const event = { type: "message_sent", id: deps.newId("msg"), text: deps.redact.text(text), ...author } as const;
  if (!(await deps.store.send(run.id, event))) {
    const now = (await deps.store.getRun(run.id))?.status ?? run.status;
    const next =
      now === "cancelled"
        ? "start a new run"
        : 'pass the message to resume_run, or to "legwork runs resume" in a terminal, to continue it';
    throw refusal(run, `is ${now}, and its agent reads no more messages: ${next}`);
  }
  deps.bus.publish(run.id, []);
}

async function record({ id, epoch }: Run, question: Question, answer: Answer, { store, bus }: AnswerDeps) {
  const comment = commentOn(question, answer);
  const answered = { type: "question_answered", id: question.id, about: question.about, ...answer } as const;
  const isWritten = await store.answer({ runId: id, epoch }, comment === null ? [answered] : [answered, comment]);
  if (isWritten) bus.publish(id, []);
  return isWritten;
}

/** The message to the agent about an answer that no result of a call reports; null where there is none. */
function commentOn({ about }: Question, answer: Answer): RunEvent | null {
  const sentence = sentenceFor(about, answer);
  if (sentence === null) return null;
  return {
    type: "message_injected",
    text: answer.comment === null ? `${sentence}.` : `${sentence}: ${answer.comment}`,
  };
}

function sentenceFor(about: QuestionAbout, { approved, comment, channel }: Answer): string | null {
  switch (about.kind) {
    case "exit":
      if (approved) return comment === null ? null : `A person approved leaving step "${about.step}"`;
      return channel === "nobody"
        ? `Nobody approved leaving step "${about.step}" in time: continue in it before you try again`
        : `A person denied leaving step "${about.step}": continue in it before you try again`;
    case "call":
    case "workflow_call":
      return approved && comment !== null ? `A person approved the call of ${about.tool}` : null;
    case "in_doubt_call":
    case "in_doubt_workflow_call":
      return comment === null ? null : `A person comments on the in-doubt call of ${about.tool}`;
    case "ask":
      return null;
  }
}

function toAnswer(run: Run, question: Question, { approve, text, comment }: Reply, author: Author): Answer {
  const { id, kind, options } = question;
  refuseTooLong("answer", text);
  refuseTooLong("comment", comment);
  if (kind === "approval") {
    if (approve === null) throw refusal(run, `asks for an approval (${id}): pass approve true or false`);
    if (text !== null)
      throw refusal(run, `asks for an approval (${id}), which takes no answer: pass the rest as comment`);
    return { approved: approve, text: null, comment, ...author };
  }
  if (approve !== null) throw refusal(run, `asks a question (${id}), not for an approval: answer with a text`);
  if (text === null || text.trim() === "") throw refusal(run, `asks a question (${id}): answer with a text`);
  if (options !== null && !options.includes(text))
    throw refusal(
      run,
      `takes one of these as the answer to ${id}: ${options.map((option) => `"${option}"`).join(", ")}`,
    );
  return { approved: null, text, comment, ...author };
}

async function asksNothing(run: Run, { questionId }: Reply, { store }: AnswerDeps): Promise<RequestError> {
  const answers = await store.listEvents(run.id, { afterSeq: 0, type: "question_answered" });
  const last = answers
    .map(({ event }) => event)
    .findLast((event) => event.type === "question_answered" && (questionId ?? event.id) === event.id);
  if (last?.type !== "question_answered" || (questionId === null && isEnded(run.status)))
    return refusal(run, `waits for no answer: it is ${run.status}`);
  if (last.channel === "nobody") return refusal(run, tooLate({ id: last.id, isApproval: last.approved !== null }));
  return refusal(run, `has its answer to ${last.id} already, by ${last.by}`);
}

function tooLate({ id, isApproval }: { readonly id: string; readonly isApproval: boolean }): string {
  return `was not answered in time: ${id} counts as ${isApproval ? "denied" : "not answered"}`;
}

function refuseTooLong(field: string, text: string | null): void {
  if (text !== null && text.length > MOST.textFromPerson)
    throw invalid(`the ${field} has ${text.length} characters: ${MOST.textFromPerson} are the most`);
}

function invalid(why: string): RequestError {
  return new RequestError("invalid_arguments", why);
}

function refusal({ id }: Run, why: string): RequestError {
  return new RequestError("not_answerable", `${id} ${why}`);
}
