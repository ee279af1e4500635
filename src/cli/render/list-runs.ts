/** A list of runs for people: a line each, the runs that a run has started below it. */
import { usdText } from "../../core/run/cost.js";
import type { ListedRun, RunStatus } from "../../core/run/run.js";
import { visible } from "../../core/visible.js";
import { whoOf } from "./show-runs.js";
import { firstLine } from "./visible.js";

const WIDEST_STATUS = "interrupted".length;
const INDENT = 2; // characters a level
const LEAST_TITLE = 16; // characters; a narrow terminal breaks the line instead
const MOST_TITLE = 48;
const LEAST_WHO = 8; // characters; less says nothing

interface ListLayout {
  readonly width: number;
  /** Puts the runs of each project under the name of its folder. */
  readonly byProject: boolean;
  /** The sentence where there is no run. */
  readonly none: string;
}

interface Line {
  readonly run: ListedRun;
  readonly depth: number;
}

/** Newest first, as the runs come. */
export function listText(runs: readonly ListedRun[], { width, byProject, none }: ListLayout): string {
  if (runs.length === 0) return `${none}\n`;
  if (!byProject) return linesOf(runs, width);
  const projects = [...new Set(runs.map(({ project }) => project))];
  return projects
    .map((project) => {
      const own = runs.filter((run) => run.project === project);
      return `${visible(project)}\n${linesOf(own, width)}`;
    })
    .join("\n");
}

function linesOf(runs: readonly ListedRun[], width: number): string {
  const lines = inFamilies(runs);
  const needed = Math.max(...lines.map(({ run, depth }) => depth * INDENT + visible(run.title).length));
  const rest = Math.max(...runs.map((run) => restOf(run).length));
  const room = Math.min(MOST_TITLE, Math.max(LEAST_TITLE, width - rest));
  return lines.map((line) => toLine(line, Math.min(room, needed), width)).join("");
}

/** Each run with those that it has started behind it; a run whose parent is not listed stands for itself. */
function inFamilies(runs: readonly ListedRun[]): readonly Line[] {
  const listed = new Set(runs.map(({ id }) => id));
  const children = new Map<string | null, ListedRun[]>();
  for (const run of runs) {
    const parent = run.parentRunId !== null && listed.has(run.parentRunId) ? run.parentRunId : null;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [run]);
    else siblings.push(run);
  }
  const below = (parent: string | null, depth: number): readonly Line[] =>
    (children.get(parent) ?? []).flatMap((run) => [{ run, depth }, ...below(run.id, depth + 1)]);
  return below(null, 0);
}

function toLine({ run, depth }: Line, titleWidth: number, width: number): string {
  const indent = " ".repeat(Math.min(depth * INDENT, titleWidth - 1));
  const title = `${indent}${firstLine(run.title, titleWidth - indent.length)}`;
  const head = `${title.padEnd(titleWidth)}${restOf(run)}`;
  const cost = run.costUsd ? ` (${usdText(run.costUsd)})` : "";
  const room = width - head.length - 2;
  return room < LEAST_WHO ? `${head}\n` : `${head}  ${firstLine(`${whoOf(run)}${cost}`, room)}\n`;
}

function restOf({ id, status, createdAt }: ListedRun): string {
  return `  ${paddedStatus(status)}  ${minuteOf(createdAt)}  ${id}`;
}

function paddedStatus(status: RunStatus): string {
  return status.padEnd(WIDEST_STATUS);
}

/** In UTC. */
function minuteOf(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace("T", " ")}Z`;
}
