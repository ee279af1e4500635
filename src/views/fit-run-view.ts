/** Views of runs within the limit of a host: long fields are cut first, a question last, and of a text its head stays. */
import { isRecord } from "../lib/is-record.js";
import { cutToFit, fittingPart, sizeOf } from "./page.js";

/** The object of an answer: names and JSON values. */
export type View = Readonly<Record<string, unknown>>;

/** The fields that a view may cut; the view "result" has each of them in full. */
export const DROPPABLE = [
  "result",
  "partial_text",
  "data",
  "effects",
  "warnings",
  "tools",
  "artifacts",
  "files_modified",
  "next_steps",
];

const HEAD_SIZE = 200; // bytes that stay of a text that is cut
const SEPARATOR_SIZE = 1; // byte between two views

/** The view in at most `budget` bytes; `truncated` names the fields that were cut. */
export function fitRunView(view: View, budget: number): View {
  if (sizeOf(view) <= budget) return view;
  const next = `get_run(run_id: "${view.run_id}", view: "result") gives the whole outcome, page by page`;
  return shorten(view.question === undefined ? { ...view, next } : view, budget);
}

/**
 * As many of the views, from the first on, as fit into `budget` bytes with at least the head of each; at least one. The
 * longest are cut to one size.
 */
export function fitRunViews(views: readonly View[], budget: number): readonly View[] {
  const sizes: { readonly whole: number; readonly least: number }[] = [];
  let room = budget;
  for (const view of views) {
    const whole = sizeOf(view) + SEPARATOR_SIZE;
    const least = Math.min(whole, leastSizeOf(view) + SEPARATOR_SIZE, budget);
    if (least > room) break;
    sizes.push({ whole, least });
    room -= least;
  }
  const shares = evenShares(sizes, budget);
  return shares.map((share, index) => shortenAmongOthers(views[index] ?? {}, share - SEPARATOR_SIZE));
}

/** Among many runs the whole text of one is worth more than the rest of its fields. */
function shortenAmongOthers(view: View, budget: number): View {
  const brief = briefOf(view);
  const shortened = shorten(view, budget);
  const cutsText = shortened[textOf(view)] !== view[textOf(view)];
  return cutsText && sizeOf(brief) <= budget ? brief : shortened;
}

/** The field that has what the agent said. */
function textOf({ result }: View): "result" | "partial_text" {
  return hasContent(result) ? "result" : "partial_text";
}

/** The share of each in the budget: all it needs, or the same as the others that need more, but never less than its least. */
function evenShares(sizes: readonly { readonly whole: number; readonly least: number }[], budget: number) {
  const sharesAt = (level: number) => sizes.map(({ whole, least }) => Math.max(least, Math.min(whole, level)));
  let [fits, over] = [0, budget + 1];
  while (over - fits > 1) {
    const level = (fits + over) >> 1;
    if (sharesAt(level).reduce((sum, share) => sum + share, 0) <= budget) fits = level;
    else over = level;
  }
  return sharesAt(fits);
}

function leastSizeOf(view: View): number {
  const brief = briefOf(view);
  const texts = Object.entries(brief).filter(
    ([field, value]) => DROPPABLE.includes(field) && typeof value === "string",
  );
  const heads = texts.map(([field, text]) => [field, fittingPart(String(text), 0, HEAD_SIZE)] as const);
  return sizeOf({ ...brief, ...Object.fromEntries(heads), truncated: [...DROPPABLE] });
}

function shorten(view: View, budget: number): View {
  if (sizeOf(view) <= budget) return view;
  const brief = briefOf(view);
  return cutFields(view, budget) ?? cutFields(brief, budget) ?? withQuestionCut(brief, budget);
}

/** Cuts fields, the largest first: a text keeps as much of its beginning as fits, a list no item. Null where a text would lose its head. */
function cutFields(view: View, budget: number): View | null {
  const { run_id, status, next, truncated, ...rest } = view;
  const cut = Array.isArray(truncated) ? [...truncated] : [];
  const build = (fields: View): View => ({
    run_id,
    status,
    ...(next === undefined ? {} : { next }),
    ...(cut.length > 0 ? { truncated: cut } : {}),
    ...fields,
  });
  let fields = rest;
  const bySize = DROPPABLE.filter((field) => hasContent(rest[field])).toSorted(
    (left, right) => sizeOf(rest[right]) - sizeOf(rest[left]),
  );
  for (const field of bySize) {
    if (sizeOf(build(fields)) <= budget) break;
    fields = { ...fields, [field]: Array.isArray(rest[field]) ? [] : null };
    cut.push(field);
  }
  for (const field of cut) {
    const text = rest[field];
    if (typeof text !== "string") continue;
    const room = budget - sizeOf(build({ ...fields, [field]: "" })) + sizeOf("");
    if (room < Math.min(HEAD_SIZE, sizeOf(text))) return null;
    fields = { ...fields, [field]: fittingPart(text, 0, room) };
  }
  const cutView = build(fields);
  return sizeOf(cutView) <= budget ? cutView : null;
}

const BRIEF_TITLE_SIZE = 80; // bytes
const BRIEF_ERROR_SIZE = 300; // bytes

/** Only what the caller needs to go on: the question, the error and the text. */
function briefOf(view: View): View {
  const { run_id, status, next, title, error, question } = view;
  const text = textOf(view);
  const left = DROPPABLE.filter((field) => field !== text && field !== "tools" && hasContent(view[field]));
  const shownError = isRecord(error) ? { ...error, message: cutToFit(String(error.message), BRIEF_ERROR_SIZE) } : null;
  return {
    run_id,
    status,
    ...(question === undefined ? {} : { next }),
    ...(left.length > 0 ? { truncated: left } : {}),
    ...(typeof title === "string" ? { title: cutToFit(title, BRIEF_TITLE_SIZE) } : {}),
    ...(shownError === null ? {} : { error: shownError }),
    ...(question === undefined ? {} : { question }),
    ...(hasContent(view[text]) ? { [text]: view[text] } : {}),
  };
}

const LEAST_QUESTION_SIZE = 500; // bytes of its text, before its options give way
const NO_OPTIONS = ' (its options are too long to be shown here: get_run with view "events" has them)';

/** Without other texts; the question has its options, unless they leave no room for what is asked. */
function withQuestionCut({ run_id, status, next, question }: View, budget: number): View {
  if (!isRecord(question)) return { run_id, status };
  const { text, options, ...rest } = question;
  const build = (shown: string, more: object): View => ({
    run_id,
    status,
    next,
    truncated: ["question"],
    question: { ...rest, text: shown, ...more },
  });
  const roomWith = (more: object) => budget - sizeOf(build("", more)) + sizeOf("");
  const all = options === undefined ? {} : { options };
  const room = roomWith(all);
  if (room >= Math.min(LEAST_QUESTION_SIZE, sizeOf(text))) return build(cutToFit(String(text), room), all);
  return build(cutToFit(String(text), roomWith({}) - sizeOf(NO_OPTIONS)) + NO_OPTIONS, {});
}

/** Whether a field says something: no null, and no empty text or list. */
export function hasContent(value: unknown): boolean {
  return value !== null && value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0);
}
