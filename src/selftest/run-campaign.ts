/** The crash campaign: kills real servers with real runs, and counts the losses. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DatabaseObserver } from "../core/ports/database-observer.js";
import type { Outcome, RunStatus } from "../core/run/run.js";
import { answerQuestions } from "./answer-questions.js";
import { auditRun, type CallMarks, marksOf, type RunAudit } from "./audit/audit-run.js";
import { type CampaignReport, type Left, toReport } from "./audit/campaign-report.js";
import { createKeptEvents, type KeptEvents } from "./audit/kept-events.js";
import { type Chance, createChance } from "./chance.js";
import { type Fleet, openFleet } from "./fleet.js";
import { createJournalWatch } from "./journal-watch.js";
import { killServer } from "./kill-server.js";
import { type Effects, openEffects } from "./open-effects.js";
import { type KillPlan, type Moment, planKills, type Undisturbed } from "./plan-kills.js";
import { countProcessesNaming } from "./processes.js";
import { createSandbox, type Sandbox } from "./sandbox.js";
import { CHILD, runName, SCENARIOS } from "./scenarios.js";
import { type StartedRun, startRun, startRuns } from "./start-runs.js";

export interface CampaignOptions {
  readonly kills: number;
  readonly seed: number;
  /** The path of legwork's program. */
  readonly program: string;
  /** The value of PATH for the servers; they see nothing else of the user's environment. */
  readonly path: string;
}

export interface CampaignDeps {
  openDatabaseObserver(databaseFile: string): DatabaseObserver;
  /** Reports progress, a line at a time. */
  say(line: string): void;
}

const SERVERS = { atWork: 3, inReserve: 2 };
const LEAST_AT_WORK = 2; // when one is killed; more would mean waiting for starts
const STUCK_AFTER_MS = 60_000; // without any event after the last kill; longer than any lease or pause
const SAY_EVERY_MS = 5_000;
const LOOK_EVERY_MS = 50;
const AWAKE_MS = 2_000; // of a server that was stopped and finds its runs taken away
const LEFT_WITHIN_MS = 5_000; // the servers of a legwork process end after it

/** Runs the campaign; keeps its folder where there are findings. Throws where the campaign could not be carried out. */
export async function runCampaign(options: CampaignOptions, deps: CampaignDeps): Promise<CampaignReport> {
  const began = Date.now();
  deps.say(`seed ${options.seed}`);
  const chance = createChance(options.seed);
  const sandbox = createSandbox(options.path, chance);
  const effects = await openEffects(sandbox.recordFile, sandbox.env);
  sandbox.configure(effects.url);
  const { program } = options;
  const fleet = openFleet({ program, project: sandbox.project, env: sandbox.env, ...SERVERS });
  let observer: DatabaseObserver | null = null;
  try {
    await fleet.atLeast(SERVERS.atWork);
    observer = deps.openDatabaseObserver(sandbox.databaseFile);
    const parts = { sandbox, effects, fleet, observer, chance };
    const person = answerQuestions(parts);
    const undisturbed = await runUndisturbed(parts);
    const plan = planKills(undisturbed, chance);
    const kept = createKeptEvents(observer);
    const { kills, left, started } = await killServers(options.kills, plan, kept, parts, deps);
    await untilOver(observer);
    await person.stop();
    const audits = auditAll(started, undisturbed, kept, parts);
    await fleet.close();
    const processesLeft = await countLeft(sandbox, effects);
    const report = toReport({
      seed: options.seed,
      seconds: (Date.now() - began) / 1000,
      points: { planned: plan.planned, reached: plan.reached() },
      kills,
      left,
      audits,
      processesLeft,
      events: countEvents(observer),
      folder: sandbox.root,
    });
    if (!report.ok) sandbox.keep();
    return report;
  } finally {
    await fleet.close();
    effects.close();
    observer?.close();
  }
}

interface Parts {
  readonly sandbox: Sandbox;
  readonly effects: Effects;
  readonly fleet: Fleet;
  readonly observer: DatabaseObserver;
  readonly chance: Chance;
}

/** Makes one run of each scenario without kills: its events and calls give the kill points, and its end is the expected one. */
async function runUndisturbed(parts: Parts): Promise<readonly Undisturbed[]> {
  const runs = SCENARIOS.map((scenario) => ({ scenario, name: runName(scenario, 0) }));
  for (const run of runs) await startRun(run, parts);
  await untilOver(parts.observer);
  const seen = parts.observer.runs();
  return withChildren(runs).map(({ scenario, name }) => {
    const run = seen.find(({ title }) => title === name);
    const outcome = JSON.parse(run?.outcome ?? "null") as Outcome | null;
    if (run?.status !== "success")
      throw new Error(`the undisturbed run ${name} ended as ${run?.status}: ${outcome?.error?.message}`);
    return { scenario, run: name, events: parts.observer.events(run.id, 0) };
  });
}

/** The runs with those that they start. */
function withChildren(runs: readonly StartedRun[]): readonly StartedRun[] {
  return runs.flatMap((run) => {
    const children = run.scenario.children?.(run.name) ?? [];
    return [run, ...children.map((name) => ({ scenario: CHILD, name }))];
  });
}

async function killServers(count: number, plan: KillPlan, kept: KeptEvents, parts: Parts, { say }: CampaignDeps) {
  const { fleet, observer } = parts;
  const starter = startRuns(parts);
  const watch = createJournalWatch(observer);
  const kills: Moment[] = [];
  const left: Left = new Map();
  const waking: Promise<void>[] = [];
  let lastReport = 0;
  while (kills.length < count) {
    starter.check();
    await fleet.atLeast(LEAST_AT_WORK);
    const { process, moment, point } = await killServer(plan, watch, parts);
    plan.killed(point);
    const orphans = observer.unfinished().filter((run) => run.process === process);
    if (moment === "stopped") waking.push(stopUntilFenced(process, parts));
    else await fleet.replace(process);
    for (const { id, lastSeq } of orphans) {
      kept.record(id);
      const [last] = observer.events(id, lastSeq - 1);
      if (last !== undefined) left.set(last.type, (left.get(last.type) ?? 0) + 1);
    }
    kills.push(moment);
    if (Date.now() - lastReport < SAY_EVERY_MS) continue;
    lastReport = Date.now();
    say(
      `${kills.length} of ${count} deaths, ${plan.reached()} of ${plan.planned} kill points; ${starter.started.length} runs started`,
    );
  }
  await starter.stop();
  await Promise.all(waking);
  return { kills, left, started: starter.started };
}

/** Stops a server until others have taken all of its runs, then lets it find that out. */
async function stopUntilFenced(pid: number, { fleet, observer }: Parts): Promise<void> {
  const { wake } = fleet.stop(pid);
  const until = Date.now() + STUCK_AFTER_MS;
  while (Date.now() < until && observer.unfinished().some((run) => run.process === pid)) await sleep(LOOK_EVERY_MS);
  await wake(AWAKE_MS);
}

/** The processes of downstream servers that outlive every legwork process. */
async function countLeft({ recordFile }: Sandbox, { pid }: Effects): Promise<number> {
  const until = Date.now() + LEFT_WITHIN_MS;
  const count = () => countProcessesNaming(`${recordFile} --stdio`, pid);
  while (Date.now() < until && count() > 0) await sleep(LOOK_EVERY_MS);
  return count();
}

/** Waits until all runs have ended, or nothing has happened for a minute. */
async function untilOver(observer: DatabaseObserver): Promise<void> {
  let last = observer.changes();
  let since = Date.now();
  while (observer.unfinished().length > 0 && Date.now() - since < STUCK_AFTER_MS) {
    await sleep(LOOK_EVERY_MS);
    const now = observer.changes();
    if (now !== last) since = Date.now();
    last = now;
  }
}

function auditAll(
  started: readonly StartedRun[],
  undisturbed: readonly Undisturbed[],
  kept: KeptEvents,
  { observer, effects }: Parts,
): readonly RunAudit[] {
  const counts = effects.counts();
  const twins = new Map<string, CallMarks>(undisturbed.map(({ scenario, events }) => [scenario.name, marksOf(events)]));
  const seen = observer.runs();
  const names = new Map(seen.map((run) => [run.title, run]));
  return withChildren(started).flatMap(({ scenario, name }) => {
    const run = names.get(name);
    if (run === undefined && scenario === CHILD) return []; // its parent was given up before
    if (run === undefined) throw new Error(`a server answered for the run ${name}, which is not in the database`);
    const events = observer.events(run.id, 0);
    const [status, outcome] = [run.status as RunStatus, JSON.parse(run.outcome ?? "null") as Outcome | null];
    const audit = auditRun(
      { scenario, run: name, status, outcome, events, reservedTokens: run.reservedTokens },
      counts,
      twins.get(scenario.name) ?? new Map(),
    );
    const gone = kept.missing(run.id, events).map((loss) => `${name}: ${loss}`);
    const twice = seen.filter(({ title }) => title === name).length > 1 ? [`${name} was started twice`] : [];
    return { ...audit, lost: [...audit.lost, ...gone], repeated: [...audit.repeated, ...twice] };
  });
}

function countEvents(observer: DatabaseObserver): number {
  return observer.runs().reduce((sum, { id }) => sum + observer.events(id, 0).length, 0);
}
