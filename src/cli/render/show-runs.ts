/** Runs, their events and their access for people. */

import type { StoredEvent } from "../../core/journal/event.js";
import type { ReadReply } from "../../core/journal/history-state.js";
import { usdText } from "../../core/run/cost.js";
import type { ListedRun, Run } from "../../core/run/run.js";
import type { Access } from "../../core/tools/access.js";
import { visible } from "../../core/visible.js";
import type { Rule } from "../../core/workflow/workflow.js";
import { counted } from "./amounts.js";
import { describeEvent } from "./describe-event.js";
import { firstLine, visibleLines } from "./visible.js";

const WIDEST_TYPE = "workflow_call_finished".length;
const WIDEST_NAME = 40; // characters; longer names push their line to the right

/** The run with its folder, then its events, one a line; `treeCostUsd` is of those that it has started too, absent where there are none. */
export function runText(
  run: Run,
  treeCostUsd: number | null | undefined,
  events: readonly StoredEvent[],
  readReply: ReadReply,
  width: number,
): string {
  const { id, status, title, request, outcome, turnsUsed, toolCallsCount, usage, createdAt, finishedAt } = run;
  const fields: readonly (readonly [string, string | null])[] = [
    ["title", title],
    ["parent", run.parentRunId],
    ["project", run.project],
    ["agent", whoOf(run)],
    ["model", `${request.provider} ${request.model}`],
    ["created", timeOf(createdAt)],
    ["ended", finishedAt === null ? null : timeOf(finishedAt)],
    [
      "used",
      `${counted(turnsUsed, "turn")}, ${counted(toolCallsCount, "tool call")}, ${usage.input} tokens in, ${usage.output} out`,
    ],
    ["cost", costText(run.costUsd) + (treeCostUsd === undefined ? "" : `; with its children ${costText(treeCostUsd)}`)],
    ["error", outcome?.error ? `${outcome.error.code}: ${outcome.error.message}` : null],
  ];
  const head = fields.flatMap(([name, value]) => (value === null ? [] : [`  ${name.padEnd(8)} ${visible(value)}`]));
  const digits = String(events.at(-1)?.seq ?? 0).length;
  const lines = events.map((event) => eventLine(event, readReply, width, digits));
  return `${[`${id}  ${status}`, ...head, ...resultLines(run), "", ...lines].join("\n")}\n`;
}

function costText(costUsd: number | null): string {
  return costUsd === null ? "unknown" : usdText(costUsd);
}

/** An event in one line; its number takes at least so many digits. */
export function eventLine({ seq, at, event }: StoredEvent, readReply: ReadReply, width: number, digits = 3): string {
  const start = `${String(seq).padStart(digits)}  ${timeOf(at).slice(11)}  ${event.type.padEnd(WIDEST_TYPE)}  `;
  return `${start}${firstLine(describeEvent(event, readReply), width - start.length)}`.trimEnd();
}

/** An event with all its fields, its texts with their own line breaks. */
export function wholeEventText({ seq, at, type, ...fields }: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(fields).flatMap(([name, value]) => {
    const [first = "", ...rest] = visibleLines(typeof value === "string" ? value : JSON.stringify(value, null, 2));
    return rest.length === 0
      ? [`  ${name}: ${first}`]
      : [`  ${name}:`, ...[first, ...rest].map((line) => `    ${line}`.trimEnd())];
  });
  return `${[`${seq}  ${at}  ${type}`, ...lines].join("\n")}\n`;
}

/** The result behind an empty line; nothing where there is none. */
export function resultLines({ outcome }: Run): readonly string[] {
  const result = visibleLines(outcome?.result ?? "").filter((line, _, lines) => lines.length > 1 || line !== "");
  return result.length === 0 ? [] : ["", ...result.map((line) => `  ${line}`.trimEnd())];
}

/** The step with its rules, then each tool with the rule that decides. */
export function accessText(run: Run, { setAt, step, rules, tools, note }: Access): string {
  const since = setAt === null ? "" : `, as of event ${setAt}`;
  const where = step === null ? "" : `, in step "${step}" of workflow ${run.workflow}`;
  const indent = Math.min(WIDEST_NAME, Math.max(0, ...tools.map(({ tool }) => tool.length)));
  const lines = tools.map(
    ({ tool, allowed, rule }) => `  ${tool.padEnd(indent)}  ${allowed ? "allowed" : "refused"}  ${visible(rule)}`,
  );
  const ruled =
    rules.length === 0
      ? []
      : [
          "",
          "rules for each call of an allowed tool; the first that blocks or allows decides:",
          ...rules.map(ruleLine),
        ];
  return `${[
    `${run.id}  ${run.status}${visible(`${since}${where}`)}`,
    ...(note === null ? [] : [visible(note)]),
    ...lines,
    ...ruled,
  ].join("\n")}\n`;
}

function ruleLine({ name, action, when, message }: Rule): string {
  const reason = message === null ? "" : `: ${message}`;
  return visible(
    `  ${action} by "${name}" ${when === null ? "always" : `when ${when.trim()}`}${reason}`.replace(/\s*\n\s*/g, " "),
  );
}

/** The agent, and where it is in its workflow. */
export function whoOf({ request, workflow, step }: ListedRun): string {
  if (workflow === null) return request.agent;
  return `${request.agent} in ${workflow}${step === null ? "" : `, step "${step}"`}`;
}

/** To the second, in UTC. */
function timeOf(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace("T", " ")}Z`;
}
