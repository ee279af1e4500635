/** Answers a waiting run, or writes to one that works: through whichever door, from whichever process. */
import { RequestError } from "../core/errors.js";
import type { RunEvent } from "../core/event.js";
import { type Answer, type Door, type Question, unansweredInTime } from "../core/question.js";
import { isEnded, type Run } from "../core/run.js";
import type { RuntimeParts } from "./runtime.js";

type AnswerDeps = Pick<RuntimeParts, "store" | "feed" | "clock" | "redact">;

/** What somebody says to a run: to its question, or to the agent. */
export interface Response {
  /** The question that is meant; null is the one that is open. */
  readonly questionId: string | null;
  readonly approve: boolean | null;
  readonly text: string | null;
}

export interface Giver {
  readonly by: string;
  readonly door: Door;
}

/** Records the answer: whoever has room goes on with the run then. Throws RequestError, and then nothing was written. */
export function answerRun(run: Run, response: Response, giver: Giver, deps: AnswerDeps): void {
  const { question } = run;
  if (run.status !== "waiting" || question === null) throw waitsForNothing(run, response, deps);
  if (response.questionId !== null && response.questionId !== question.id)
    throw refusal(run, `waits for an answer to ${question.id}, not to ${response.questionId}`);
  const { text } = deps.redact.value({ text: response.text });
  const answer = toAnswer(run, question, { ...response, text }, giver);
  if (question.expiresAt <= deps.clock.now()) {
    record(run, question, unansweredInTime(question), deps);
    throw refusal(run, `was not answered in time: ${question.id} counts as ${denial(question)}`);
  }
  if (!record(run, question, answer, deps)) throw refusal(run, `was answered or ended by somebody else just now`);
}

/** Answers what nobody has answered in time. */
export function answerExpired(deps: AnswerDeps): void {
  for (const run of deps.store.listExpired(deps.clock.now()))
    if (run.question !== null) record(run, run.question, unansweredInTime(run.question), deps);
}

/** Sends the agent a message, which it gets before its next model request. Throws RequestError where nobody would read it. */
export function sendToRun(run: Run, text: string, giver: Giver, id: string, deps: AnswerDeps): void {
  const event = { type: "message_sent", id, text: deps.redact.text(text), ...giver } as const;
  if (!deps.store.send(run.id, event)) {
    const now = deps.store.getRun(run.id)?.status ?? run.status;
    throw refusal(run, `is ${now}, and its agent reads nothing more: resume_run with a message goes on with it`);
  }
  deps.feed.publish(run.id, []);
}

function record({ id, epoch }: Run, question: Question, answer: Answer, { store, feed }: AnswerDeps): boolean {
  const told = remarkOn(question, answer);
  const answered = { type: "question_answered", id: question.id, about: question.about, ...answer } as const;
  const isWritten = store.answer({ runId: id, epoch }, told === null ? [answered] : [answered, told]);
  if (isWritten) feed.publish(id, []);
  return isWritten;
}

/** What an answer about a step says beyond yes: nothing else would tell the agent. */
function remarkOn({ about }: Question, { approved, text }: Answer): RunEvent | null {
  if (about.kind !== "exit" || (approved && text === null)) return null;
  const verdict = `A person ${approved ? "approved" : "denied"} leaving step "${about.step}"`;
  const next = approved ? "" : " Go on in this step before you try again.";
  return { type: "message_injected", text: `${verdict}${text === null ? "." : `: ${text}`}${next}` };
}

function toAnswer(run: Run, question: Question, { approve, text }: Response, giver: Giver): Answer {
  const { id, kind, options } = question;
  if (kind === "approval") {
    if (approve === null) throw refusal(run, `asks for an approval (${id}): say yes or no with approve`);
    return { approved: approve, text, ...giver };
  }
  if (approve !== null) throw refusal(run, `asks a question (${id}), not for an approval: give the answer as text`);
  if (text === null || text.trim() === "") throw refusal(run, `asks a question (${id}): give the answer as text`);
  if (options !== null && !options.includes(text))
    throw refusal(
      run,
      `takes one of these as the answer to ${id}: ${options.map((option) => `"${option}"`).join(", ")}`,
    );
  return { approved: null, text, ...giver };
}

function waitsForNothing(run: Run, { questionId }: Response, { store }: AnswerDeps): RequestError {
  const types = ["question_answered"] as const;
  const answers = store.listEvents(run.id, { afterSeq: 0, types }).map(({ event }) => event);
  const last = answers.findLast((event) => event.type === "question_answered" && (questionId ?? event.id) === event.id);
  if (last?.type !== "question_answered" || (questionId === null && isEnded(run.status)))
    return refusal(run, `waits for no answer: it is ${run.status}`);
  if (last.door === "nobody") return refusal(run, `was not answered in time: ${last.id} counts as denied`);
  return refusal(run, `has its answer to ${last.id} already, by ${last.by}`);
}

function denial({ kind }: Question): string {
  return kind === "approval" ? "denied" : "not answered";
}

function refusal({ id }: Run, why: string): RequestError {
  return new RequestError("not_answerable", `${id} ${why}`);
}
