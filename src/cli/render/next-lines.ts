/** The next command for a run in a terminal. */
import type { Question } from "../../core/run/question.js";
import { REOPENED, type Run } from "../../core/run/run.js";
import { visible } from "../../core/visible.js";
import { RESUMABLE } from "../../views/resumable.js";
import { visibleLines } from "./visible.js";

/** How to answer or to resume it, behind an empty line; nothing where it works, is done, or was cancelled. */
export function nextLines(run: Run): readonly string[] {
  const lines = linesOf(run);
  return lines.length === 0 ? [] : ["", ...lines];
}

function linesOf(run: Run): readonly string[] {
  const resume = `legwork runs resume ${run.id}`;
  if (run.status === "interrupted")
    return [
      `its process is gone: resume it with: ${resume}`,
      "within an hour, an open legwork of its project does so by itself, unless the configuration says resume: manual",
    ];
  if (run.status === "waiting" && run.question !== null) return askingLines(run, run.question);
  if (run.status === "waiting")
    return [`its question is answered: an open legwork of its project continues it; where none is open: ${resume}`];
  if (!REOPENED.some((status) => status === run.status)) return [];
  const { more, when } = RESUMABLE[run.outcome?.error?.code ?? ""] ?? {};
  const option = more === undefined ? "" : ` --more-${more.replace("_", "-")} N`;
  return [`continue it${when === undefined ? "" : ` ${when}`} with: ${resume}${option}`];
}

/** The whole question with its options, such as the call that it is about and its changes as diffs. */
export function questionLines({ text, options }: Question): readonly string[] {
  const choices = options === null ? [] : [`one of: ${options.map(visible).join(" | ")}`];
  return [...visibleLines(text), ...choices].map((line) => `  ${line}`.trimEnd());
}

function askingLines({ id }: Run, question: Question): readonly string[] {
  const answer = question.kind === "approval" ? "--approve, or --deny" : "--answer TEXT";
  return [`it asks (${question.id}):`, ...questionLines(question), `answer with: legwork runs respond ${id} ${answer}`];
}
