/** Judges one run of the campaign: by its journal, by what the effect server counted, and by its undisturbed twin. */
import type { RawEvent } from "../core/ports/database-observer.js";
import { isEnded, type Outcome, type RunStatus } from "../core/run/run.js";
import { callsOf, EFFECTS, type Play, resultOf, type ScriptedReply } from "./scenarios.js";

/** A run as it is on disk when the campaign is over. */
export interface RunOnDisk {
  readonly play: Play;
  /** Its name. */
  readonly run: string;
  readonly status: RunStatus;
  readonly outcome: Outcome | null;
  readonly events: readonly RawEvent[];
}

export interface RunAudit {
  readonly name: string;
  /** Calls that may not be repeated and were made more than once. */
  readonly repeated: readonly string[];
  /** What was finished and is gone, was done again, or never done. */
  readonly lost: readonly string[];
  readonly isStuck: boolean;
  /** It was given up after too many takeovers without anything finished in between. */
  readonly isExhausted: boolean;
  /** Times that a process took it over. */
  readonly takeovers: number;
  /** Calls whose outcome the agent was told is unknown, and how many of them had been made. */
  readonly unknown: number;
  readonly unknownMade: number;
  /** Calls made once more, because they only read or may be repeated. */
  readonly repeatedSafely: number;
}

type Mark = "started" | "finished" | "failed" | "unknown" | "refused";

/** What happened to each call of a run, in order, by its place: `turn.index`, or `own.number` for the workflow's. */
export type CallMarks = ReadonlyMap<string, readonly Mark[]>;

/** `counts` says how often the effect server made each call; `twin` is what an undisturbed run of the play did. */
export function auditRun(onDisk: RunOnDisk, counts: ReadonlyMap<string, number>, twin: CallMarks): RunAudit {
  const { play, run, status, outcome, events } = onDisk;
  const marks = marksOf(events);
  const calls = callsOf(play, run).map((call) => ({
    ...call,
    made: counts.get(call.key) ?? 0,
    marks: marks.get(call.place) ?? [],
  }));
  const unknown = calls.filter((call) => call.marks.includes("unknown"));
  const isExhausted = outcome?.error?.code === "recovery_exhausted";
  const isComplete = isEnded(status) && !isExhausted;
  return {
    name: run,
    repeated: calls
      .filter(({ tool, made }) => EFFECTS[tool] === "effectful" && made > 1)
      .map(({ key, made }) => `${key} was made ${made} times`),
    lost: [
      ...repliesAskedAgain(events),
      ...repliesOutOfOrder(events, play.replies(run)),
      ...[...marks].flatMap(([place, all]) => (isMadeAgain(all) ? [`call ${place} was over and came again`] : [])),
      ...calls.flatMap((call) => lossesOf(call, twin.get(call.place) ?? [])),
      ...(isComplete ? calls.filter((call) => call.marks.every((mark) => mark === "started")).map(neverMade) : []),
      ...(isComplete ? badEnd(status, outcome, run) : []),
    ].map((loss) => `${run}: ${loss}`),
    isStuck: !isEnded(status),
    isExhausted,
    takeovers: events.filter(({ type }) => type === "run_resumed").length,
    unknown: unknown.length,
    unknownMade: unknown.filter(({ made }) => made > 0).length,
    repeatedSafely: calls.reduce(
      (sum, { tool, made }) => sum + (EFFECTS[tool] === "effectful" ? 0 : Math.max(0, made - 1)),
      0,
    ),
  };
}

/** What a journal says of each call. */
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
      return "refused";
    case "tool_call_finished":
    case "workflow_call_finished": {
      const { isError, code } = JSON.parse(data) as { isError: boolean; code?: string };
      if (code === "outcome_unknown") return "unknown";
      return isError ? "failed" : "finished";
    }
    default:
      return null;
  }
}

/** Whether anything happened to a call after it was over. */
function isMadeAgain(marks: readonly Mark[]): boolean {
  const over = marks.findIndex((mark) => mark !== "started");
  return over >= 0 && over < marks.length - 1;
}

interface CountedCall {
  readonly place: string;
  readonly made: number;
  readonly marks: readonly Mark[];
}

function lossesOf({ place, made, marks }: CountedCall, twin: readonly Mark[]): readonly string[] {
  const begun = marks.filter((mark) => mark === "started").length;
  return [
    ...(made > begun ? [`call ${place} was made ${made} times and recorded as begun ${begun} times`] : []),
    ...(made === 0 && marks.includes("finished") ? [`call ${place} has an answer and was never made`] : []),
    ...(marks.includes("failed") ? [`call ${place} failed`] : []),
    ...(marks.includes("refused") && !twin.includes("refused") ? [`call ${place} was refused`] : []),
  ];
}

function neverMade({ place }: CountedCall): string {
  return `call ${place} has no answer`;
}

function badEnd(status: RunStatus, outcome: Outcome | null, run: string): readonly string[] {
  if (status === "success" && outcome?.result === resultOf(run)) return [];
  const { code = "no code", message = "no message" } = outcome?.error ?? {};
  return [`ended as ${status} with the result ${JSON.stringify(outcome?.result)} (${code}: ${message})`];
}

function repliesIn(events: readonly RawEvent[]) {
  return events
    .filter(({ type }) => type === "model_replied")
    .map(({ data }) => JSON.parse(data) as { turn: number; raw: { content: unknown } });
}

function repliesAskedAgain(events: readonly RawEvent[]): readonly string[] {
  const turns = repliesIn(events).map(({ turn }) => turn);
  return turns.flatMap((turn, index) =>
    turns.indexOf(turn) < index ? [`the reply of turn ${turn} was on disk and asked for again`] : [],
  );
}

/** The model is asked with what is remembered of the conversation: a reply out of order shows that some of it was not. */
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
