/** The arguments of a call for people: edits as diffs, texts of several lines as lines, the rest as JSON. */
import { structuredPatch } from "diff";
import { visible } from "../../core/visible.js";
import { isRecord } from "../../lib/is-record.js";
import { jsonIn } from "../../lib/json/json-in.js";
import { cutTo } from "../../lib/text.js";

const SHOWN_ARGUMENTS = 3_000; // characters; the events have them whole
const WHERE_WHOLE = 'get_run with view "events", or "legwork runs show" with --json, has them whole';
const LONGEST_NAMES = 200; // characters
const CONTEXT = 3; // unchanged lines around a change
const DEEPEST = 5; // levels of lists and objects in which edits are looked for
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
  ["fromtext", "totext"],
  ["pattern", "replacement"],
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

interface Parts {
  /** The short values, by the place of each. */
  readonly rest: readonly (readonly [string, unknown])[];
  readonly blocks: readonly Block[];
}

function apart(args: Fields): { readonly rest: Fields; readonly blocks: readonly Block[] } {
  let count = 0;

  /** Shows edits and texts of several lines as blocks, wherever they stand. */
  function partsOf(place: string, value: unknown, depth: number): Parts {
    if (typeof value === "string") return partsOfText(place, value, depth);
    if (depth > DEEPEST || typeof value !== "object" || value === null) return { rest: [[place, value]], blocks: [] };
    const edit = editIn(value);
    if (edit !== null && place !== "") return { rest: [], blocks: [blockOf(`${place}${beside(edit)}`, edit)] };
    const own = edit === null ? [] : [blockOf("the change", edit)];
    const inner = placesIn(place, edit?.rest ?? value).map(([at, one]) => partsOf(at, one, depth + 1));
    const blocks = [...own, ...inner.flatMap((parts) => parts.blocks)];
    const isPlain = blocks.length === 0 && place !== "";
    return { rest: isPlain ? [[place, value]] : inner.flatMap((parts) => parts.rest), blocks };
  }

  function partsOfText(place: string, text: string, depth: number): Parts {
    const edits = editsInText(text);
    if (edits !== null) return partsOf(place, edits, depth + 1);
    if (!/\n./s.test(text)) return { rest: [[place, text]], blocks: [] };
    return { rest: [], blocks: [{ name: place, lines: text.split("\n").map((line) => `| ${line}`) }] };
  }

  function blockOf(name: string, edit: Edit): Block {
    count += 1;
    return { name, lines: count <= MOST_DIFFS ? diffLines(edit) : bothWhole(edit) };
  }

  const { rest, blocks } = partsOf("", args, 0);
  return { rest: Object.fromEntries(rest), blocks };
}

function placesIn(place: string, value: object): readonly (readonly [string, unknown])[] {
  if (Array.isArray(value)) return value.map((one: unknown, at) => [`${place}[${at}]`, one]);
  return Object.entries(value).map(([key, one]) => [place === "" ? key : `${place}.${key}`, one]);
}

/** Edits that the model wrote as a text of JSON in one line. */
function editsInText(text: string): object | null {
  if (!/^\s*[[{]/.test(text) || text.includes("\n")) return null;
  const value = jsonIn(text);
  const edits: readonly unknown[] = Array.isArray(value) ? value : [value];
  return edits.length > 0 && edits.every((edit) => isRecord(edit) && editIn(edit) !== null) ? edits : null;
}

/** Null where it holds no text beside its replacement. */
function editIn(value: object): Edit | null {
  if (Array.isArray(value)) return null;
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
