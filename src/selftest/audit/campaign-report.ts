/** The report of a campaign, for programs and for people. */

import { MOMENTS, type Moment } from "../plan-kills.js";
import type { RunAudit } from "./audit-run.js";

/** How many runs the kills left without a process, by the last event in their journal. */
export type Left = Map<string, number>;

/** The report as JSON. */
export interface CampaignReport {
  /** True where nothing was repeated, lost, stuck, given up wrongly or left behind. */
  readonly ok: boolean;
  readonly seed: number;
  readonly kills: number;
  readonly kills_by_moment: Readonly<Record<string, number>>;
  readonly kill_points_planned: number;
  readonly kill_points_reached: number;
  readonly runs: number;
  readonly runs_left_at: Readonly<Record<string, number>>;
  readonly recoveries: number;
  readonly events: number;
  readonly repeated_effects: number;
  readonly lost_work: number;
  readonly stuck_runs: number;
  readonly in_doubt_calls: number;
  readonly in_doubt_calls_made: number;
  readonly safe_calls_repeated: number;
  readonly attempts_exhausted: number;
  /** These three are not in reports of 0.1.0. */
  readonly given_up_wrongly?: number;
  readonly calls_given_up?: number;
  readonly processes_left?: number;
  readonly seconds: number;
  /** One sentence for each repeated effect, each loss and each stuck run. */
  readonly findings: readonly string[];
  /** The folder with the database, kept for inspection; null where there are no findings. */
  readonly folder: string | null;
}

export interface CampaignFacts {
  readonly seed: number;
  readonly seconds: number;
  readonly points: { readonly planned: number; readonly reached: number };
  readonly kills: readonly Moment[];
  readonly left: Left;
  readonly audits: readonly RunAudit[];
  readonly processesLeft: number;
  readonly events: number;
  readonly folder: string;
}

export function toReport({
  seed,
  seconds,
  points,
  kills,
  left,
  audits,
  processesLeft,
  events,
  folder,
}: CampaignFacts): CampaignReport {
  const sum = (number: (audit: RunAudit) => number) => audits.reduce((total, audit) => total + number(audit), 0);
  const count = (applies: (audit: RunAudit) => boolean) => audits.filter(applies).length;
  const stuck = count(({ isStuck }) => isStuck);
  const [repeated, lost] = [sum((audit) => audit.repeated.length), sum((audit) => audit.lost.length)];
  const wrongly = sum((audit) => audit.givenUpWrongly.length);
  const ok = repeated + lost + stuck + wrongly + processesLeft === 0;
  return {
    ok,
    seed,
    kills: kills.length,
    kills_by_moment: Object.fromEntries(
      MOMENTS.map((moment) => [moment, kills.filter((kill) => kill === moment).length]),
    ),
    kill_points_planned: points.planned,
    kill_points_reached: points.reached,
    runs: audits.length,
    runs_left_at: Object.fromEntries([...left].sort(([, one], [, other]) => other - one)),
    recoveries: sum(({ recoveries }) => recoveries),
    events,
    repeated_effects: repeated,
    lost_work: lost,
    stuck_runs: stuck,
    in_doubt_calls: sum(({ inDoubt }) => inDoubt),
    in_doubt_calls_made: sum(({ inDoubtMade }) => inDoubtMade),
    safe_calls_repeated: sum(({ repeatedSafely }) => repeatedSafely),
    attempts_exhausted: count(({ isExhausted }) => isExhausted),
    given_up_wrongly: wrongly,
    calls_given_up: sum(({ callsGivenUp }) => callsGivenUp),
    processes_left: processesLeft,
    seconds: Math.round(seconds),
    findings: [
      ...audits.flatMap((audit) => [
        ...audit.repeated,
        ...audit.lost,
        ...audit.givenUpWrongly,
        ...(audit.isStuck ? [`${audit.name} has not ended`] : []),
      ]),
      ...(processesLeft > 0 ? [`${processesLeft} processes of servers are left`] : []),
    ],
    folder: ok ? null : folder,
  };
}

const LABELS: Readonly<Record<Moment, string>> = {
  saved: "as soon as an event was on disk",
  held_back: "with the next event held back",
  received: "with a call sent and not made",
  made: "with a call made and not answered",
  random: "at random",
  with_reaper: "at random, with the reaper",
  ended: "ended in order, by SIGTERM",
  stopped: "stopped, and woken too late",
};
const MOST_FINDINGS = 20;

/** The report as a table of text. */
export function reportText(report: CampaignReport): string {
  const all: readonly (readonly [string, number | string | undefined])[] = [
    ["kills", report.kills],
    ...MOMENTS.map((moment) => [`  ${LABELS[moment]}`, report.kills_by_moment[moment]] as const),
    ["kill points reached", `${report.kill_points_reached} of ${report.kill_points_planned}`],
    ["runs", report.runs],
    ["events", report.events],
    ["runs left by a kill", Object.values(report.runs_left_at).reduce((sum, count) => sum + count, 0)],
    ...Object.entries(report.runs_left_at).map(([type, count]) => [`  after ${type}`, count] as const),
    ["recoveries", report.recoveries],
    ["repeated effects", report.repeated_effects],
    ["lost finished work", report.lost_work],
    ["stuck runs", report.stuck_runs],
    ["in-doubt calls", report.in_doubt_calls],
    ["  that had been made", report.in_doubt_calls_made],
    ["safe calls repeated", report.safe_calls_repeated],
    ["attempts exhausted", report.attempts_exhausted],
    ["  without four crashes", report.given_up_wrongly],
    ["calls given up", report.calls_given_up],
    ["processes left behind", report.processes_left],
    ["seconds", report.seconds],
    ["seed", report.seed],
  ];
  const rows = all.filter(([, value]) => value !== undefined);
  const width = Math.max(...rows.map(([name]) => name.length));
  const table = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  const shown = report.findings.slice(0, MOST_FINDINGS);
  const more = report.findings.length - shown.length;
  return [
    ...table,
    "",
    ...(report.ok ? ["Nothing was repeated, lost or stuck."] : shown),
    ...(more > 0 ? [`… and ${more} more`] : []),
    ...(report.folder === null ? [] : [`The database and the record of calls are left in ${report.folder}`]),
    "",
  ].join("\n");
}

/** The figures of a report in one sentence. */
export function campaignSentence(report: CampaignReport): string {
  const { kills, runs, repeated_effects, lost_work, stuck_runs } = report;
  const number = (value: number) => value.toLocaleString("en-US");
  return `${number(kills)} deaths of its processes, most by \`kill -9\`, in ${number(runs)} runs: ${repeated_effects} repeated effects, ${lost_work} lost pieces of finished work, ${stuck_runs} stuck runs`;
}
