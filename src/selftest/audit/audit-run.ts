/** Judges one run of the campaign by its journal, the counts of the effect server, and an undisturbed run of the same scenario. */
import type { RawEvent } from "../../core/ports/database-observer.js";
import { MAX_ATTEMPTS } from "../../core/run/limits.js";
import { isEnded, type Outcome, type RunStatus } from "../../core/run/run.js";
import { callsOf, EFFECTS, resultOf, type Scenario, type ScriptedReply } from "../scenarios.js";

/** A run as it lies on disk when the campaign is over. */
export interface RunOnDisk {
  readonly scenario: Scenario;
  /** Its name. */
  readonly run: string;
  readonly status: RunStatus;
  readonly outcome: Outcome | null;
  readonly events: readonly RawEvent[];
  /** Tokens that it still holds back from others. */
  readonly reservedTokens: number;
}

export interface RunAudit {
  readonly name: string;
  /** Effectful calls that were made more than once; one sentence each. */
  readonly repeated: readonly string[];
  /** Finished work that is gone or was done again, and calls without an answer; one sentence each. */
  readonly lost: readonly string[];
  readonly isStuck: boolean;
  /** legwork gave it up after too many crashes with nothing finished in between. */
  readonly isExhausted: boolean;
  /** Why it should not have been given up; one sentence each. */
  readonly givenUpWrongly: readonly string[];
  /** Calls that legwork gave up because two processes in a row had died in them. */
  readonly callsGivenUp: number;
  /** How often a process recovered it. */
  readonly recoveries: number;
  /** Calls that legwork reported to the agent as in doubt, because their process died or their connection was cut. */
  readonly inDoubt: number;
  /** How many of these had been made. */
  readonly inDoubtMade: number;
  /** Repetitions of calls that only read or may be repeated. */
  readonly repeatedSafely: number;
}

type Mark = "started" | "finished" | "failed" | "in_doubt" | "cut_off" | "refused" | "given_up";

/** The events of each call of a run, in order. The key is `turn.index`, or `own.number` for a call of the workflow. */
export type CallMarks = ReadonlyMap<string, readonly Mark[]>;

/** `counts` holds how often the effect server made each call; `twin` holds the marks of an undisturbed run of the scenario. */
export function auditRun(onDisk: RunOnDisk, counts: ReadonlyMap<string, number>, twin: CallMarks): RunAudit {
  const { scenario, run, status, outcome, events, reservedTokens } = onDisk;
  const marks = marksOf(events);
  const calls = callsOf(scenario, run).map((call) => ({
    ...call,
    made: counts.get(call.key) ?? 0,
    marks: marks.get(call.place) ?? [],
  }));
  const isInDoubt = (mark: Mark) => mark === "in_doubt" || mark === "cut_off";
  const inDoubt = calls.filter((call) => call.marks.some(isInDoubt));
  const isExhausted = outcome?.error?.code === "recovery_exhausted";
  const seen = [...marks.values()].flat();
  const callsGivenUp = seen.filter((mark) => mark === "given_up").length;
  // The script knows of no call that is given up or cut off, and no parent's end that takes its children along.
  const isDiverted = callsGivenUp > 0 || seen.includes("cut_off") || outcome?.error?.code === "parent_ended";
  const isComplete = isEnded(status) && !isExhausted && !isDiverted;
  return {
    name: run,
    repeated: calls
      .filter(({ tool, made }) => EFFECTS[tool] === "effectful" && made > 1)
      .map(({ key, made }) => `${key} was made ${made} times`),
    lost: [
      ...repliesRequestedAgain(events),
      ...repliesOutOfOrder(events, scenario.replies(run)),
      ...[...marks].flatMap(([place, all]) =>
        continuedAfterEnd(all) ? [`call ${place} had ended and was made again`] : [],
      ),
      ...calls.flatMap((call) => lossesOf(call, isDiverted ? call.marks : (twin.get(call.place) ?? []))),
      ...(isComplete ? calls.filter((call) => call.marks.every((mark) => mark === "started")).map(unanswered) : []),
      ...(isEnded(status) && reservedTokens > 0 ? [`it has ended and still holds ${reservedTokens} tokens`] : []),
      ...(isComplete ? badEnd(status, outcome, run) : []),
    ].map((loss) => `${run}: ${loss}`),
    isStuck: !isEnded(status),
    isExhausted,
    givenUpWrongly: isExhausted ? wronglyGivenUp(events).map((fault) => `${run}: ${fault}`) : [],
    callsGivenUp,
    recoveries: events.filter(({ type }) => type === "run_resumed").length,
    inDoubt: inDoubt.length,
    inDoubtMade: inDoubt.filter(({ made }) => made > 0).length,
    repeatedSafely: calls.reduce(
      (sum, { tool, made }) => sum + (EFFECTS[tool] === "effectful" ? 0 : Math.max(0, made - 1)),
      0,
    ),
  };
}

/** Reads the marks of each call from a journal. */
export function marksOf(events: readonly RawEvent[]): CallMarks {
  const marks = new Map<string, Mark[]>();
  for (const { type, data } of events) {
    const mark = markOf(type, data);
    if (mark === null) continue;
    const { turn, index, call } = JSON.parse(data) as { turn?: number; index?: number; call?: number };
    const place = call === undefined ? `${turn}.${index}` : `own.${call}`;
    marks.set(place, [...(marks.get(place) ?? []), mark]);
  }
  return marks;
}

function markOf(type: string, data: string): Mark | null {
  switch (type) {
    case "tool_call_started":
    case "workflow_call_started":
      return "started";
    case "tool_call_refused":
    case "workflow_call_refused":
      return (JSON.parse(data) as { code?: string }).code === "process_died" ? "given_up" : "refused";
    case "tool_call_finished":
    case "workflow_call_finished": {
      const { isError, code } = JSON.parse(data) as { isError: boolean; code?: string };
      if (code === "outcome_unknown") return "in_doubt";
      if (code === "process_died") return "given_up";
      if (code === "connection_closed") return "cut_off"; // the sockets of a stopped process break
      return isError ? "failed" : "finished";
    }
    default:
      return null;
  }
}

/** Whether a call has any event after its end. */
function continuedAfterEnd(marks: readonly Mark[]): boolean {
  const end = marks.findIndex((mark) => mark !== "started");
  return end >= 0 && end < marks.length - 1;
}

interface CountedCall {
  readonly place: string;
  readonly made: number;
  readonly marks: readonly Mark[];
}

function lossesOf({ place, made, marks }: CountedCall, twin: readonly Mark[]): readonly string[] {
  const started = marks.filter((mark) => mark === "started").length;
  return [
    ...(made > started ? [`call ${place} was made ${made} times and recorded as started ${started} times`] : []),
    ...(made === 0 && marks.includes("finished") ? [`call ${place} has an answer and was never made`] : []),
    ...(marks.includes("failed") ? [`call ${place} failed`] : []),
    ...(marks.includes("refused") && !twin.includes("refused") ? [`call ${place} was refused`] : []),
  ];
}

function unanswered({ place }: CountedCall): string {
  return `call ${place} has no answer`;
}

function badEnd(status: RunStatus, outcome: Outcome | null, run: string): readonly string[] {
  if (status === "success" && outcome?.result === resultOf(run)) return [];
  const { code = "no code", message = "no message" } = outcome?.error ?? {};
  return [`ended as ${status} with the result ${JSON.stringify(outcome?.result)} (${code}: ${message})`];
}

/** Only crashes count, and nothing may be finished between them. */
function wronglyGivenUp(events: readonly RawEvent[]): readonly string[] {
  const finished = events.findLastIndex(isProgress);
  const interrupted = events.slice(finished + 1).filter(({ type }) => type === "run_interrupted");
  const crashes = interrupted.filter(({ data }) => (JSON.parse(data) as { crashed?: boolean }).crashed === true).length;
  return crashes > MAX_ATTEMPTS
    ? []
    : [`was given up after ${crashes} crashes and ${interrupted.length} interruptions`];
}

/** A reply, or the answer to a call. */
function isProgress({ type, data }: RawEvent): boolean {
  if (type === "tool_call_finished" || type === "workflow_call_finished") return markOf(type, data) !== "in_doubt";
  return type === "model_replied";
}

function repliesIn(events: readonly RawEvent[]) {
  return events
    .filter(({ type }) => type === "model_replied")
    .map(({ data }) => JSON.parse(data) as { turn: number; raw: { content: unknown } });
}

function repliesRequestedAgain(events: readonly RawEvent[]): readonly string[] {
  const turns = repliesIn(events).map(({ turn }) => turn);
  return turns.flatMap((turn, index) =>
    turns.indexOf(turn) < index ? [`the reply of turn ${turn} was on disk and was requested again`] : [],
  );
}

/** The script answers by the history of the request: a reply out of order shows that some of the history was missing. */
function repliesOutOfOrder(events: readonly RawEvent[], script: readonly ScriptedReply[]): readonly string[] {
  return repliesIn(events).flatMap(({ turn, raw }, index) => {
    const { text = "", calls = [] } = script[index] ?? {};
    const expected = JSON.stringify({ text, calls: calls.map((call) => [call.tool, call.arguments]) });
    const content = raw.content as { text: string; calls: readonly { tool: string; arguments: object }[] };
    const found = JSON.stringify({
      text: content.text,
      calls: content.calls.map((call) => [call.tool, call.arguments]),
    });
    return found === expected ? [] : [`reply ${index + 1}, of turn ${turn}, is not the script's`];
  });
}
