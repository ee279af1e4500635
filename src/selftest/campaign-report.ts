/** What a campaign has found, for programs and for people. */
import type { RunAudit } from "./audit-run.js";
import { MOMENTS, type Moment } from "./plan-kills.js";

/** How many runs were left without a process, by the last event in their journal. */
export type Left = Map<string, number>;

/** As programs read it. */
export interface CampaignReport {
  /** Nothing was repeated, lost or stuck. */
  readonly ok: boolean;
  readonly seed: number;
  readonly deaths: number;
  readonly deaths_by_moment: Readonly<Record<string, number>>;
  readonly points_planned: number;
  readonly points_met: number;
  readonly runs: number;
  readonly runs_left_at: Readonly<Record<string, number>>;
  readonly takeovers: number;
  readonly events: number;
  readonly repeated_effects: number;
  readonly lost_work: number;
  readonly stuck_runs: number;
  readonly unknown_outcomes: number;
  readonly unknown_outcomes_made: number;
  readonly safe_calls_repeated: number;
  readonly attempts_exhausted: number;
  readonly seconds: number;
  /** Each repeated effect, each loss and each stuck run, in words. */
  readonly findings: readonly string[];
  /** Where the database is left for a look at it; null where nothing was found. */
  readonly folder: string | null;
}

export interface CampaignFacts {
  readonly seed: number;
  readonly seconds: number;
  readonly points: { readonly planned: number; readonly met: number };
  readonly deaths: readonly Moment[];
  readonly left: Left;
  readonly audits: readonly RunAudit[];
  readonly events: number;
  readonly folder: string;
}

export function toReport({
  seed,
  seconds,
  points,
  deaths,
  left,
  audits,
  events,
  folder,
}: CampaignFacts): CampaignReport {
  const sum = (number: (audit: RunAudit) => number) => audits.reduce((total, audit) => total + number(audit), 0);
  const count = (holds: (audit: RunAudit) => boolean) => audits.filter(holds).length;
  const stuck = count(({ isStuck }) => isStuck);
  const [repeated, lost] = [sum((audit) => audit.repeated.length), sum((audit) => audit.lost.length)];
  const ok = repeated + lost + stuck === 0;
  return {
    ok,
    seed,
    deaths: deaths.length,
    deaths_by_moment: Object.fromEntries(
      MOMENTS.map((moment) => [moment, deaths.filter((death) => death === moment).length]),
    ),
    points_planned: points.planned,
    points_met: points.met,
    runs: audits.length,
    runs_left_at: Object.fromEntries([...left].sort(([, one], [, other]) => other - one)),
    takeovers: sum(({ takeovers }) => takeovers),
    events,
    repeated_effects: repeated,
    lost_work: lost,
    stuck_runs: stuck,
    unknown_outcomes: sum(({ unknown }) => unknown),
    unknown_outcomes_made: sum(({ unknownMade }) => unknownMade),
    safe_calls_repeated: sum(({ repeatedSafely }) => repeatedSafely),
    attempts_exhausted: count(({ isExhausted }) => isExhausted),
    seconds: Math.round(seconds),
    findings: audits.flatMap((audit) => [
      ...audit.repeated,
      ...audit.lost,
      ...(audit.isStuck ? [`${audit.name} has not ended`] : []),
    ]),
    folder: ok ? null : folder,
  };
}

const WORDS: Readonly<Record<Moment, string>> = {
  saved: "as soon as an event was on disk",
  held_back: "with the next event held back",
  received: "with a call sent and not made",
  made: "with a call made and not answered",
  random: "at random",
};
const MOST_FINDINGS = 20;

/** As people read it. */
export function reportText(report: CampaignReport): string {
  const rows: readonly (readonly [string, number | string])[] = [
    ["deaths", report.deaths],
    ...MOMENTS.map((moment) => [`  ${WORDS[moment]}`, report.deaths_by_moment[moment] ?? 0] as const),
    ["points of death met", `${report.points_met} of ${report.points_planned}`],
    ["runs", report.runs],
    ["events", report.events],
    ["runs left by a death", Object.values(report.runs_left_at).reduce((sum, count) => sum + count, 0)],
    ...Object.entries(report.runs_left_at).map(([type, count]) => [`  after ${type}`, count] as const),
    ["takeovers", report.takeovers],
    ["repeated effects", report.repeated_effects],
    ["lost finished work", report.lost_work],
    ["stuck runs", report.stuck_runs],
    ["unknown outcomes told", report.unknown_outcomes],
    ["  of calls that had been made", report.unknown_outcomes_made],
    ["safe calls repeated", report.safe_calls_repeated],
    ["attempts exhausted", report.attempts_exhausted],
    ["seconds", report.seconds],
    ["seed", report.seed],
  ];
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

/** Its figures in one sentence. */
export function campaignSentence(report: CampaignReport): string {
  const { deaths, runs, repeated_effects, lost_work, stuck_runs } = report;
  const number = (value: number) => value.toLocaleString("en-US");
  return `${number(deaths)} deaths by \`kill -9\` in ${number(runs)} runs: ${repeated_effects} repeated effects, ${lost_work} lost pieces of finished work, ${stuck_runs} stuck runs`;
}
