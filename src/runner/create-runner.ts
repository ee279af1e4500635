/** The runner: the verbs by which hosts, terminals and agents work with runs. */

import type { ReadReply } from "../core/journal/history-state.js";
import type { Clock, Log } from "../core/ports/clock-and-log.js";
import type { Elicit } from "../core/ports/host.js";
import type { JsonSchemas } from "../core/ports/json-schemas.js";
import type { PaceStore } from "../core/ports/pace-store.js";
import type { ReadProjectFile } from "../core/ports/project-files.js";
import type { EndedRun, RunStore } from "../core/ports/run-store.js";
import type { Redact } from "../core/redact.js";
import type { Outcome, Run } from "../core/run/run.js";
import type { Access } from "../core/tools/access.js";
import { once } from "../lib/once.js";
import { createAdmissionQueue } from "./live/admission-queue.js";
import { type Author, type ReplyOrMessage, respond } from "./live/answer-run.js";
import { createEventBus } from "./live/event-bus.js";
import { createLiveRuns } from "./live/live-runs.js";
import { createOpenAgent } from "./live/open-agent.js";
import { createRecovery } from "./live/recovery.js";
import { accessAt } from "./operations/access-at.js";
import { type ChildRunsDeps, createChildRuns } from "./operations/child-runs.js";
import { completeRun } from "./operations/complete-run.js";
import { endRun } from "./operations/end-run.js";
import { type ResumeArguments, type ResumeCaller, type ResumedRun, resumeRun } from "./operations/resume-run.js";
import { type StartedRun, startRun } from "./operations/start-run.js";
import { needsCaller, type WaitRequest, waitForRuns } from "./operations/wait-for-runs.js";
import { createPacer } from "./pace/pacer.js";
import { missingRequirements } from "./request/requirements.js";
import type { SpawnArguments } from "./request/run-settings.js";
import type { GetSetup, Setup } from "./request/setup.js";
import { createBudgetLines } from "./state/budget-lines.js";
import type { Completion } from "./tools/arguments.js";
import { createToolSets } from "./tools/tool-set.js";

export interface RunnerDeps {
  /** The real path of the project folder. */
  readonly project: string;
  readonly store: RunStore;
  readonly paces: PaceStore;
  readonly schemas: JsonSchemas;
  readonly readReply: ReadReply;
  readonly readProjectFile: ReadProjectFile;
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: Redact;
  readonly elicit: Elicit;
  newId(prefix: "run" | "ses" | "msg"): string;
  /** Opens the configuration; the runner takes its number of slots. Throws ConfigError, and tries again at the next call. */
  openSetup(): Promise<{ readonly setup: Setup; readonly slots: number }>;
  /** Resolves when `redact` knows all secrets that can be known, also where the configuration is broken. */
  secretsKnown(): Promise<void>;
}

export interface Runner {
  /** Starts a run for a host. Throws RequestError or ConfigError, and then nothing was written. */
  start(args: SpawnArguments, caller: ResumeCaller): Promise<StartedRun>;
  /** Continues a run. Throws RequestError, ConfigError or StoreError, and then nothing was written. */
  resume(run: Run, args: ResumeArguments, caller: ResumeCaller): Promise<ResumedRun>;
  /** Resolves to the runs as they are when enough of them need their caller, the time is up, or the caller has gone. */
  wait(request: WaitRequest): Promise<readonly Run[]>;
  /** Whether a longer wait for this run is useless. */
  needsCaller(run: Run): boolean;
  /** Ends a run and its living children; a status that does not allow the end stays as it is. */
  end(runId: string, outcome: Outcome): Promise<Omit<EndedRun, "id">>;
  /** Ends a run by hand, judged like the agent's own `complete`. Throws RequestError. */
  complete(run: Run, completion: Completion): Promise<Omit<EndedRun, "id">>;
  /** Answers a question of a run, or sends its agent a message. Throws RequestError. */
  respond(run: Run, reply: ReplyOrMessage, author: Author): Promise<void>;
  /** The tools of a run and their rules, now (null) or right after an event. Throws RequestError. */
  access(run: Run, at: number | null): Promise<Access>;
  /** From now on recovers interrupted runs of the project, where the configuration lets it. */
  recover(): void;
  /** Why this process cannot continue an interrupted run; one sentence each. */
  missing(run: Run): Promise<readonly string[]>;
  /** Why no process recovers an interrupted run by itself, even with all requirements; null where one may. */
  obstacleTo(run: Run): Promise<string | null>;
  /** Whether a form of the host asks the question of a waiting run now. */
  isAskedByForm(runId: string): boolean;
  /** Why a run broke off in this process before its end could be written; null for all others. */
  troubleOf(runId: string): string | null;
  /** Interrupts all runs of this process; none begins afterwards. A store inside this process has saved it on return. */
  interruptAll(reason: string): Promise<void>;
  /** Opens the configuration of runs. Throws ConfigError, and tries again at the next call. */
  readonly setup: GetSetup;
}

export function createRunner({ openSetup, paces, ...deps }: RunnerDeps): Runner {
  const { store, log, clock } = deps;
  const bus = createEventBus(log);
  const live = createLiveRuns({ store, bus, log });
  const resolveToolSet = createToolSets();
  const setup = once(async () => {
    const opened = await openSetup();
    live.allow(opened.slots);
    return opened.setup;
  });
  const childRuns = createChildRuns((): ChildRunsDeps => parts);
  const openAgent = createOpenAgent({
    ...deps,
    resolveToolSet,
    childRuns,
    budgetLines: createBudgetLines(),
    pacer: createPacer({ store: paces, clock }),
  });
  const base = { ...deps, bus, live, resolveToolSet, openAgent, setup, admission: createAdmissionQueue() };
  const recovery = createRecovery(base);
  const parts = { ...base, recovery };

  return {
    start: (args, caller) => startRun(args, { kind: "host", ...caller }, parts),
    resume: (run, args, caller) => resumeRun(run, args, caller, parts),
    wait: (request) => waitForRuns(request, parts),
    needsCaller: (run) => needsCaller(run, parts),
    end: (runId, outcome) => endRun(runId, outcome, parts),
    complete: (run, completion) => completeRun(run, completion, parts),
    async respond(run, reply, author) {
      await respond(run, reply, author, parts);
      recovery.look();
    },
    access: (run, at) => accessAt(run, at, store),
    recover: recovery.begin,
    missing: (run) => missingRequirements(run, parts),
    obstacleTo: recovery.obstacleTo,
    isAskedByForm: recovery.isAsking,
    troubleOf: live.troubleOf,
    interruptAll: live.interruptAll,
    setup,
  };
}
