/** The events of a run as they come, from whichever process, and its end. */
import { setTimeout as sleep } from "node:timers/promises";
import type { StoredEvent } from "../../../core/journal/event.js";
import type { ReadReply } from "../../../core/journal/history-state.js";
import type { RunStore } from "../../../core/ports/run-store.js";
import { isEnded, type Run } from "../../../core/run/run.js";
import { toEventItem } from "../../../views/event-views.js";
import { type CommandEnd, OK_EXIT, TROUBLE_EXIT } from "../../render/command-end.js";
import { nextLines } from "../../render/next-lines.js";
import { eventLine, resultLines } from "../../render/show-runs.js";
import { visibleJsonLine } from "../../render/visible.js";
import type { Terminal } from "../../services.js";

const LOOK_EVERY_MS = 250;

export interface Following {
  /** Events up to this one are known. */
  readonly afterSeq: number;
  /** Aborts when the command has to end. */
  readonly signal?: AbortSignal;
  /** Ends the following also where the run waits for a person. */
  readonly untilAsked?: boolean;
}

export interface FollowDeps {
  readonly json: boolean;
  readonly store: Pick<RunStore, "getRun" | "listEvents">;
  readonly readReply: ReadReply;
  readonly terminal: Terminal;
}

/** Writes each event, and how to answer or to resume the run where it waits or is interrupted, until there is nothing more to follow; returns the run as it is then. */
export async function followRun(
  runId: string,
  { afterSeq, signal, untilAsked = false }: Following,
  deps: FollowDeps,
): Promise<Run> {
  let seen = afterSeq;
  let shown = "";
  for (;;) {
    const run = await deps.store.getRun(runId);
    if (run === null) throw new Error(`run ${runId} is gone`);
    for (const event of await deps.store.listEvents(runId, { afterSeq: seen })) {
      deps.terminal.write(lineOf(event, deps));
      seen = event.seq;
    }
    if (isEnded(run.status) || (untilAsked && run.status === "waiting") || signal?.aborted) return run;
    const next = deps.json ? "" : textOf(nextLines(run));
    if (next !== shown && next !== "") deps.terminal.write(`${next}\n`);
    shown = next;
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

/** The result behind the last event, how to continue, and the exit code that says whether the run succeeded. */
export function endOfRun(run: Run, json: boolean): CommandEnd {
  const text = json ? "" : textOf([...resultLines(run), ...nextLines(run)]);
  return { text, exitCode: run.status === "success" ? OK_EXIT : TROUBLE_EXIT };
}

/** Each line with its end. */
export function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

function lineOf(event: StoredEvent, { json, readReply, terminal }: FollowDeps): string {
  return json
    ? visibleJsonLine(toEventItem(event, readReply).value)
    : `${eventLine(event, readReply, terminal.width)}\n`;
}
