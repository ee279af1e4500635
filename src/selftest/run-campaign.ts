/** The crash campaign: real servers, real runs, real deaths, and the count of what they cost. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DatabaseObserver } from "../core/ports/database-observer.js";
import type { Outcome, RunStatus } from "../core/run/run.js";
import { auditRun, type CallMarks, marksOf, type RunAudit } from "./audit-run.js";
import { type CampaignReport, type Left, toReport } from "./campaign-report.js";
import { type Crew, openCrew } from "./fleet.js";
import { type AskedRun, askFor, keepBusy } from "./keep-busy.js";
import { createKeptEvents, type KeptEvents } from "./keep-events.js";
import { meetDeath } from "./kill.js";
import { type Effects, openEffects } from "./open-effects.js";
import { type DeathPlan, type Moment, planDeaths, type Undisturbed } from "./plan-kills.js";
import { createStage, type Stage } from "./sandbox.js";
import { PLAYS, runName } from "./scenarios.js";
import { type Chance, createChance } from "./seeded.js";
import { createJournalWatch } from "./watch-journals.js";

export interface CampaignOptions {
  readonly deaths: number;
  readonly seed: number;
  /** legwork's program. */
  readonly program: string;
  /** Where programs are found; all else of the user's environment stays outside. */
  readonly path: string;
}

export interface CampaignDeps {
  openDatabaseObserver(databaseFile: string): DatabaseObserver;
  /** Tells how far it is. */
  say(line: string): void;
}

const SERVERS = { atWork: 3, inReserve: 2 };
const LEAST_AT_WORK = 2; // when one is killed; more would be waiting for starts
const STUCK_AFTER_MS = 60_000; // without any event after the last death: longer than any lease or pause
const SAY_EVERY_MS = 5_000;
const LOOK_EVERY_MS = 50;

/** Runs the campaign; its folder is left behind where something was found. Throws where it could not be carried out. */
export async function runCampaign(options: CampaignOptions, deps: CampaignDeps): Promise<CampaignReport> {
  const began = Date.now();
  deps.say(`seed ${options.seed}`);
  const chance = createChance(options.seed);
  const stage = createStage(options.path, chance);
  const effects = await openEffects(stage.recordFile, stage.env);
  stage.configure(effects.url);
  const { program } = options;
  const crew = openCrew({ program, project: stage.project, env: stage.env, ...SERVERS });
  let observer: DatabaseObserver | null = null;
  try {
    await crew.atLeast(SERVERS.atWork);
    observer = deps.openDatabaseObserver(stage.databaseFile);
    const parts = { stage, effects, crew, observer: observer, chance };
    const undisturbed = await playUndisturbed(parts);
    const plan = planDeaths(undisturbed, chance);
    const kept = createKeptEvents(observer);
    const { deaths, left, asked } = await killServers(options.deaths, plan, kept, parts, deps);
    await untilOver(observer);
    const audits = auditAll(asked, undisturbed, kept, parts);
    const report = toReport({
      seed: options.seed,
      seconds: (Date.now() - began) / 1000,
      points: { planned: plan.planned, met: plan.met() },
      deaths,
      left,
      audits,
      events: countEvents(observer),
      folder: stage.root,
    });
    if (!report.ok) stage.keep();
    return report;
  } finally {
    await crew.close();
    effects.close();
    observer?.close();
  }
}

interface Parts {
  readonly stage: Stage;
  readonly effects: Effects;
  readonly crew: Crew;
  readonly observer: DatabaseObserver;
  readonly chance: Chance;
}

/** One run of each play that nobody disturbs: which events and calls there are to die at, and how it should end. */
async function playUndisturbed(parts: Parts): Promise<readonly Undisturbed[]> {
  const runs = PLAYS.map((play) => ({ play, name: runName(play, 0) }));
  for (const run of runs) await askFor(run, parts);
  await untilOver(parts.observer);
  const seen = parts.observer.runs();
  return runs.map(({ play, name }) => {
    const run = seen.find(({ title }) => title === name);
    const outcome = JSON.parse(run?.outcome ?? "null") as Outcome | null;
    if (run?.status !== "success")
      throw new Error(`the undisturbed run ${name} ended as ${run?.status}: ${outcome?.error?.message}`);
    return { play, run: name, events: parts.observer.events(run.id, 0) };
  });
}

async function killServers(count: number, plan: DeathPlan, kept: KeptEvents, parts: Parts, { say }: CampaignDeps) {
  const { crew, observer } = parts;
  const employer = keepBusy(parts);
  const watch = createJournalWatch(observer);
  const deaths: Moment[] = [];
  const left: Left = new Map();
  let said = 0;
  while (deaths.length < count) {
    employer.check();
    await crew.atLeast(LEAST_AT_WORK);
    const { process, point } = await meetDeath(plan, watch, parts);
    plan.died(point);
    const orphans = observer.held().filter((run) => run.process === process);
    await crew.replace(process);
    for (const { id, lastSeq } of orphans) {
      kept.note(id);
      const [last] = observer.events(id, lastSeq - 1);
      if (last !== undefined) left.set(last.type, (left.get(last.type) ?? 0) + 1);
    }
    deaths.push(point?.moment ?? "random");
    if (Date.now() - said < SAY_EVERY_MS) continue;
    said = Date.now();
    say(
      `${deaths.length} of ${count} deaths, ${plan.met()} of ${plan.planned} points; ${employer.asked.length} runs started`,
    );
  }
  await employer.stop();
  return { deaths, left, asked: employer.asked };
}

/** Waits until no run is at work any more, or nothing happens any more. */
async function untilOver(observer: DatabaseObserver): Promise<void> {
  let last = observer.changes();
  let since = Date.now();
  while (observer.held().length > 0 && Date.now() - since < STUCK_AFTER_MS) {
    await sleep(LOOK_EVERY_MS);
    const now = observer.changes();
    if (now !== last) since = Date.now();
    last = now;
  }
}

function auditAll(
  asked: readonly AskedRun[],
  undisturbed: readonly Undisturbed[],
  kept: KeptEvents,
  { observer, effects }: Parts,
): readonly RunAudit[] {
  const counts = effects.counts();
  const twins = new Map<string, CallMarks>(undisturbed.map(({ play, events }) => [play.name, marksOf(events)]));
  const seen = observer.runs();
  const names = new Map(seen.map((run) => [run.title, run]));
  return asked.map(({ play, name }) => {
    const run = names.get(name);
    if (run === undefined) throw new Error(`the run ${name} was answered for and is not in the database`);
    const events = observer.events(run.id, 0);
    const [status, outcome] = [run.status as RunStatus, JSON.parse(run.outcome ?? "null") as Outcome | null];
    const audit = auditRun({ play, run: name, status, outcome, events }, counts, twins.get(play.name) ?? new Map());
    const gone = kept.missing(run.id, events).map((what) => `${name}: ${what}`);
    const twice = seen.filter(({ title }) => title === name).length > 1 ? [`${name} was started twice`] : [];
    return { ...audit, lost: [...audit.lost, ...gone], repeated: [...audit.repeated, ...twice] };
  });
}

function countEvents(observer: DatabaseObserver): number {
  return observer.runs().reduce((sum, { id }) => sum + observer.events(id, 0).length, 0);
}
