/** Answers a waiting run, or writes to one that works: through whichever channel, from whichever process. */
import { RequestError } from "../../core/errors.js";
import type { RunEvent } from "../../core/run/event.js";
import { MOST } from "../../core/run/limits.js";
import {
  type Answer,
  type Channel,
  type Question,
  type QuestionAbout,
  unansweredInTime,
} from "../../core/run/question.js";
import { isEnded, type Run } from "../../core/run/run.js";
import type { RuntimeParts } from "../runtime.js";

type AnswerDeps = Pick<RuntimeParts, "store" | "bus" | "clock" | "redact">;

/** What somebody says to a run's question. */
export interface Reply {
  /** The question that is meant; null is the one that is open. */
  readonly questionId: string | null;
  readonly approve: boolean | null;
  /** The answer to a question. */
  readonly text: string | null;
  /** What is said besides. */
  readonly comment: string | null;
}

/** A response, or a message to the agent. */
export type ReplyOrMessage = Reply & { readonly message: string | null };

export interface Author {
  readonly by: string;
  readonly channel: Channel;
}

/** Either a response or a message to the agent. Throws RequestError, and then nothing was written but that it was too late. */
export function respond(
  run: Run,
  { message, ...response }: ReplyOrMessage,
  author: Author,
  deps: AnswerDeps & Pick<RuntimeParts, "newId">,
): void {
  const { approve, text, comment } = response;
  if (message === null) {
    if (approve === null && text === null)
      throw invalid(comment === null ? "say approve, answer or message" : "comment goes along with approve or answer");
    answerRun(run, response, author, deps);
    return;
  }
  if (Object.values(response).some((part) => part !== null))
    throw invalid("message goes alone: it answers no question");
  sendToRun(run, message, author, deps);
}

/** Records the answer: whoever has room goes on with the run then. Throws RequestError, and then nothing was written but that it was too late. */
export function answerRun(run: Run, response: Reply, author: Author, deps: AnswerDeps): void {
  const { question } = run;
  if (run.status !== "waiting" || question === null) throw waitsForNothing(run, response, deps);
  if (response.questionId !== null && response.questionId !== question.id)
    throw refusal(run, `waits for an answer to ${question.id}, not to ${response.questionId}`);
  const answer = deps.redact.value(toAnswer(run, question, response, author));
  if (question.expiresAt <= deps.clock.now()) {
    record(run, question, unansweredInTime(question), deps);
    throw refusal(run, tooLate({ id: question.id, isApproval: question.kind === "approval" }));
  }
  if (!record(run, question, answer, deps)) throw refusal(run, `was answered or ended by somebody else just now`);
}

/** Answers what nobody has answered in time. */
export function answerExpired(deps: AnswerDeps): void {
  for (const run of deps.store.listExpired(deps.clock.now()))
    if (run.question !== null) record(run, run.question, unansweredInTime(run.question), deps);
}

/** Sends the agent a message, which it gets before its next model request. Throws RequestError where nobody would read it. */
function sendToRun(run: Run, text: string, author: Author, deps: AnswerDeps & Pick<RuntimeParts, "newId">): void {
  if (text.trim() === "") throw invalid("the message is empty: say something in it");
  refuseTooLong("message", text);
  const event = { type: "message_sent", id: deps.newId("msg"), text: deps.redact.text(text), ...author } as const;
  if (!deps.store.send(run.id, event)) {
    const now = deps.store.getRun(run.id)?.status ?? run.status;
    const next = now === "cancelled" ? "start a new run" : "resume_run with a message goes on with it";
    throw refusal(run, `is ${now}, and its agent reads nothing more: ${next}`);
  }
  deps.bus.publish(run.id, []);
}

function record({ id, epoch }: Run, question: Question, answer: Answer, { store, bus }: AnswerDeps): boolean {
  const told = commentOn(question, answer);
  const answered = { type: "question_answered", id: question.id, about: question.about, ...answer } as const;
  const isWritten = store.answer({ runId: id, epoch }, told === null ? [answered] : [answered, told]);
  if (isWritten) bus.publish(id, []);
  return isWritten;
}

/** What of an answer nothing else would tell the agent. */
function commentOn({ about }: Question, answer: Answer): RunEvent | null {
  const said = sayingOf(about, answer);
  if (said === null) return null;
  return { type: "message_injected", text: answer.comment === null ? `${said}.` : `${said}: ${answer.comment}` };
}

function sayingOf(about: QuestionAbout, { approved, comment, channel }: Answer): string | null {
  switch (about.kind) {
    case "exit":
      if (approved) return comment === null ? null : `A person approved leaving step "${about.step}"`;
      return channel === "nobody"
        ? `Nobody approved leaving step "${about.step}" in time: go on in it before you try again`
        : `A person denied leaving step "${about.step}": go on in it before you try again`;
    case "call":
    case "workflow_call":
      return approved && comment !== null ? `A person approved the call of ${about.tool}` : null;
    case "in_doubt_call":
    case "in_doubt_workflow_call":
      return comment === null ? null : `A person says of the call of ${about.tool} that was cut off`;
    case "ask":
      return null;
  }
}

function toAnswer(run: Run, question: Question, { approve, text, comment }: Reply, author: Author): Answer {
  const { id, kind, options } = question;
  refuseTooLong("answer", text);
  refuseTooLong("comment", comment);
  if (kind === "approval") {
    if (approve === null) throw refusal(run, `asks for an approval (${id}): say yes or no with approve`);
    if (text !== null)
      throw refusal(run, `asks for an approval (${id}), which takes no answer: say the rest in comment`);
    return { approved: approve, text: null, comment, ...author };
  }
  if (approve !== null) throw refusal(run, `asks a question (${id}), not for an approval: give the answer as text`);
  if (text === null || text.trim() === "") throw refusal(run, `asks a question (${id}): give the answer as text`);
  if (options !== null && !options.includes(text))
    throw refusal(
      run,
      `takes one of these as the answer to ${id}: ${options.map((option) => `"${option}"`).join(", ")}`,
    );
  return { approved: null, text, comment, ...author };
}

function waitsForNothing(run: Run, { questionId }: Reply, { store }: AnswerDeps): RequestError {
  const answers = store.listEvents(run.id, { afterSeq: 0, type: "question_answered" }).map(({ event }) => event);
  const last = answers.findLast((event) => event.type === "question_answered" && (questionId ?? event.id) === event.id);
  if (last?.type !== "question_answered" || (questionId === null && isEnded(run.status)))
    return refusal(run, `waits for no answer: it is ${run.status}`);
  if (last.channel === "nobody") return refusal(run, tooLate({ id: last.id, isApproval: last.approved !== null }));
  return refusal(run, `has its answer to ${last.id} already, by ${last.by}`);
}

function tooLate({ id, isApproval }: { readonly id: string; readonly isApproval: boolean }): string {
  return `was not answered in time: ${id} counts as ${isApproval ? "denied" : "not answered"}`;
}

function refuseTooLong(what: string, text: string | null): void {
  if (text !== null && text.length > MOST.said)
    throw invalid(`the ${what} has ${text.length} characters: ${MOST.said} are the most`);
}

function invalid(why: string): RequestError {
  return new RequestError("invalid_arguments", why);
}

function refusal({ id }: Run, why: string): RequestError {
  return new RequestError("not_answerable", `${id} ${why}`);
}
