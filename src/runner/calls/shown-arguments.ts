/** The arguments of a call for people: edits as diffs, texts of several lines as lines, the rest as JSON. */
import { structuredPatch } from "diff";
import { visible } from "../../core/visible.js";
import { cutTo } from "../../lib/text.js";

const SHOWN_ARGUMENTS = 3_000; // characters; the events have them whole
const WHERE_WHOLE = 'get_run with view "events", or "legwork runs show" with --json, has them whole';
const LONGEST_NAMES = 200; // characters
const CONTEXT = 3; // unchanged lines around a change
const MOST_DIFFS = 20; // more are hardly ever shown
const DIFF_MS = 100; // the time that comparing takes grows with its square where nothing is the same

/** Names under which tools take the text to replace and its replacement, without regard to case, "_" and "-". */
const PAIRS: readonly (readonly [string, string])[] = [
  ["oldtext", "newtext"],
  ["oldstring", "newstring"],
  ["oldstr", "newstr"],
  ["oldcontent", "newcontent"],
  ["oldcode", "newcode"],
  ["oldlines", "newlines"],
  ["old", "new"],
  ["search", "replace"],
  ["search", "replacement"],
  ["find", "replace"],
  ["find", "replacement"],
  ["original", "replacement"],
  ["original", "modified"],
  ["original", "updated"],
  ["before", "after"],
];

type Fields = Readonly<Record<string, unknown>>;

interface Edit {
  readonly oldText: string;
  readonly newText: string;
  /** The other arguments beside the two texts. */
  readonly rest: Fields;
}

/**
 * The short arguments with `closing` behind them, then the texts, each line with a mark in front, so that no text can pose
 * as words of legwork. A note about omitted parts comes first: readers may overlook the end.
 */
export function shownArguments(args: object, closing = ""): string {
  const { rest, blocks } = apart(args as Fields);
  const json = JSON.stringify(rest);
  if (blocks.length === 0) return `${shortened(json, json.length)}${closing}`;
  const names = cutTo(visible(blocks.map(({ name }) => name).join(", ")), LONGEST_NAMES);
  const before = Object.keys(rest).length === 0 ? "" : `${shortened(json, SHOWN_ARGUMENTS / 2)} and `;
  const text = blocks.map(({ name, lines }) => [`${name}:`, ...lines].map(visible).join("\n")).join("\n");
  const room = Math.max(SHOWN_ARGUMENTS - json.length, SHOWN_ARGUMENTS / 2);
  const shown = cutTo(text, room);
  const note = shown === text ? "" : `, cut to the first ${shown.length} of ${text.length} characters (${WHERE_WHOLE})`;
  return `${before}${names} below${note}${closing}\n${shown}`;
}

function shortened(json: string, most: number): string {
  const shown = cutTo(json, Math.min(most, SHOWN_ARGUMENTS));
  if (shown === json) return json;
  return `arguments of ${json.length} characters, cut to the first ${shown.length} here (${WHERE_WHOLE}): ${shown}`;
}

interface Block {
  readonly name: string;
  readonly lines: readonly string[];
}

function apart(args: Fields): { readonly rest: Fields; readonly blocks: readonly Block[] } {
  const own = editIn(args);
  const blocks: Block[] = own === null ? [] : [{ name: "the change", lines: diffLines(own) }];
  const rest: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(own?.rest ?? args)) {
    const edits = editsIn(value);
    if (edits !== null)
      for (const [at, edit] of edits.entries())
        blocks.push({
          name: `${key}[${at}]${beside(edit)}`,
          lines: at < MOST_DIFFS ? diffLines(edit) : bothWhole(edit),
        });
    else if (typeof value === "string" && /\n./s.test(value))
      blocks.push({ name: key, lines: value.split("\n").map((line) => `| ${line}`) });
    else rest[key] = value;
  }
  return { rest, blocks };
}

function editsIn(value: unknown): readonly Edit[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const edits = value.flatMap((one: unknown) => editIn(one) ?? []);
  return edits.length === value.length ? edits : null;
}

/** Null where it holds no text beside its replacement. */
function editIn(value: unknown): Edit | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const named = new Map(Object.entries(value).map(([key, field]) => [plain(key), { key, field }]));
  for (const [oldName, newName] of PAIRS) {
    const [before, after] = [named.get(oldName), named.get(newName)];
    if (typeof before?.field !== "string" || typeof after?.field !== "string") continue;
    const others = Object.entries(value).filter(([key]) => key !== before.key && key !== after.key);
    return { oldText: before.field, newText: after.field, rest: Object.fromEntries(others) };
  }
  return null;
}

function plain(key: string): string {
  return key.replace(/[_-]/g, "").toLowerCase();
}

function beside({ rest }: Edit): string {
  return Object.keys(rest).length === 0 ? "" : ` ${JSON.stringify(rest)}`;
}

/** A unified diff without line numbers: where the text stands in its file is not known. */
function diffLines({ oldText, newText }: Pick<Edit, "oldText" | "newText">): readonly string[] {
  if (oldText === newText) return marked(oldText, " ");
  const patch = structuredPatch("", "", oldText, newText, "", "", { context: CONTEXT, timeout: DIFF_MS });
  if (patch === undefined) return bothWhole({ oldText, newText });
  const isEndChanged = oldText.endsWith("\n") !== newText.endsWith("\n");
  return patch.hunks.flatMap(({ lines }, at) => [
    ...(at === 0 ? [] : ["@@"]),
    ...lines.filter((line) => isEndChanged || !line.startsWith("\\")), // that a text has no line break at its end
  ]);
}

function bothWhole({ oldText, newText }: Pick<Edit, "oldText" | "newText">): readonly string[] {
  return [...marked(oldText, "-"), ...marked(newText, "+")];
}

function marked(text: string, mark: string): readonly string[] {
  return text === "" ? [] : text.split("\n").map((line) => `${mark}${line}`);
}
