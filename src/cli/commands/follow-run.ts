/** A run's events as they come, from whichever process, and how it ended. */
import { setTimeout as sleep } from "node:timers/promises";
import type { StoredEvent } from "../../core/run/event.js";
import { isEnded, type Run } from "../../core/run/run.js";
import { type CommandEnd, OK_EXIT, TROUBLE_EXIT } from "../render/command-end.js";
import { eventLine, resultLines } from "../render/show-runs.js";
import { visibleJsonLine } from "../render/visible.js";
import type { RunsDeps, RunsOptions } from "./runs.js";

const LOOK_EVERY_MS = 250;

export interface Following {
  /** Events up to this one are known. */
  readonly afterSeq: number;
  /** Aborts when nobody wants to know any more. */
  readonly signal?: AbortSignal;
  /** Ends the following also where the run waits for a person. */
  readonly untilAsked?: boolean;
}

/** Writes each event until there is nothing more to follow; returns the run as it is then. */
export async function followRun(
  runId: string,
  { afterSeq, signal, untilAsked = false }: Following,
  options: Pick<RunsOptions, "json" | "width">,
  deps: Pick<RunsDeps, "store" | "write" | "readReply" | "shapes">,
): Promise<Run> {
  let seen = afterSeq;
  for (;;) {
    const run = await deps.store.getRun(runId);
    if (run === null) throw new Error(`run ${runId} is gone`);
    for (const event of await deps.store.listEvents(runId, { afterSeq: seen })) {
      deps.write(lineOf(event, options, deps));
      seen = event.seq;
    }
    if (isEnded(run.status) || (untilAsked && run.status === "waiting") || signal?.aborted) return run;
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

/** The result behind the last event, and the exit code that says whether the run succeeded. */
export function endOfRun(run: Run, { json }: Pick<RunsOptions, "json">): CommandEnd {
  const text = resultLines(run)
    .map((line) => `${line}\n`)
    .join("");
  return { text: json ? "" : text, exitCode: run.status === "success" ? OK_EXIT : TROUBLE_EXIT };
}

function lineOf(
  event: StoredEvent,
  { json, width }: Pick<RunsOptions, "json" | "width">,
  { readReply, shapes }: Pick<RunsDeps, "readReply" | "shapes">,
): string {
  return json ? visibleJsonLine(shapes.event(event)) : `${eventLine(event, readReply, width)}\n`;
}
