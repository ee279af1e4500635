/** `legwork runs resume`: goes on with a run in this terminal, until it ends or a signal interrupts it. */
import { ConfigError } from "../../core/errors.js";
import type { HostSession, RunStore } from "../../core/ports/run-store.js";
import type { Run } from "../../core/run/run.js";
import type { Runner } from "../../runner/create-runner.js";
import type { ResumeArguments } from "../../runner/operations/resume-run.js";
import { type CommandEnd, SIGNAL_EXIT, TROUBLE_EXIT } from "../render/command-end.js";
import { visible } from "../render/visible.js";
import { endOfRun, followRun } from "./follow-run.js";
import type { RunsDeps, RunsOptions } from "./runs.js";

/** A process that works on one run. */
export interface OpenedForRun {
  readonly store: RunStore;
  readonly runner: Runner;
  readonly caller: {
    readonly session: HostSession;
    /** Aborts when a signal has interrupted the run. */
    readonly signal: AbortSignal;
  };
  /** Ends the servers and closes the database. */
  close(): Promise<void>;
}

/** Throws RequestError or ConfigError, and then nothing was written; StoreError. */
export async function resumeHere(run: Run, options: RunsOptions, deps: RunsDeps): Promise<CommandEnd> {
  const opened = await deps.open();
  const { caller, store, runner } = opened;
  try {
    const now = (await store.getRun(run.id)) ?? run; // opening has marked the runs whose process is gone
    if (now.status === "pending" || now.status === "running")
      throw new ConfigError(`${run.id} is ${now.status} in another process: legwork runs watch ${run.id} shows it`);
    const seen = (await store.listEvents(run.id, { afterSeq: 0 })).at(-1)?.seq ?? 0;
    const { run: resumed, notices } = await runner.resume(now, toArguments(options), caller);
    if (!options.json) for (const notice of notices) deps.write(`${visible(notice)}\n`);
    const afterSeq = resumed.id === run.id ? seen : 0;
    const ended = await followRun(resumed.id, { afterSeq, signal: caller.signal, untilAsked: true }, options, deps);
    if (ended.status === "waiting")
      return {
        text: options.json
          ? ""
          : `${ended.id} waits for an answer: an open legwork of this project goes on with it then\n`,
        exitCode: TROUBLE_EXIT,
      };
    if (!caller.signal.aborted) return endOfRun(ended, options);
    const next = `${ended.id} is ${ended.status}: "legwork runs resume ${ended.id}" goes on with it, and so does an open legwork of this project by itself; "legwork runs cancel ${ended.id}" ends it\n`;
    return { text: options.json ? "" : next, exitCode: SIGNAL_EXIT };
  } finally {
    await opened.close();
  }
}

function toArguments({ message, moreTurns, moreSeconds, moreCostUsd }: RunsOptions): ResumeArguments {
  return {
    message: message ?? undefined,
    more_turns: moreTurns ?? undefined,
    more_seconds: moreSeconds ?? undefined,
    more_cost_usd: moreCostUsd ?? undefined,
  };
}
