/** Lists of tools in agent files of other hosts: a list, or one text with commas or blanks between the names. */
import { ConfigError } from "../../core/errors.js";
import { patternFault } from "../../core/tools/tool.js";
import { whyMissing } from "../../core/tools/tool-alias.js";
import { isRecord } from "../../lib/is-record.js";

/** The fields that block tools. Every spelling counts, because a misspelt block list would block nothing. */
export const BLOCKS = /^disallowed[-_ ]?tools?$/i;

/** The entry that stands for every tool. */
const ALL = "*";

interface Names {
  /** The names of each entry: a name, or a text with several. */
  readonly entries: readonly (readonly string[])[];
  /** The number of entries that are no names. */
  readonly odd: number;
}

/** The names in a value; null where it is neither a text nor a list. */
function namesIn(value: unknown): Names | null {
  if (isRecord(value) || typeof value === "boolean") return null;
  const items = (Array.isArray(value) ? value.flat() : [value]).filter((item) => item !== null && item !== undefined);
  const texts = items.filter((item) => typeof item === "string" || typeof item === "number").map(String);
  return { entries: texts.map((text) => splitNames(withoutBullets(text))), odd: items.length - texts.length };
}

/** Signs of lists and sums, which are no names. A star is one of them only where names stand beside it. */
const SIGNS = "-+\u2022\u2023\u25E6\u25AA\u00B7\u2013\u2014";
const BULLETS = new RegExp(`^[ \\t]*(?:[${SIGNS}]|\\*(?=[ \\t]+[^\\s*]))[ \\t]+(?=\\S)`, "gm");
const ONLY_SIGNS = new RegExp(`^[${SIGNS}]+$`);

function withoutBullets(text: string): string {
  return text.replace(BULLETS, "");
}

/** Commas and blanks between brackets belong to a name, as in `Bash(git add, git commit)`; a bracket without an end does not hide the rest. */
function splitNames(text: string): readonly string[] {
  const names: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const sign = text.charAt(at);
    if (sign === "(") depth += 1;
    const closes = sign === ")" && depth === 1;
    if (sign === ")") depth = Math.max(0, depth - 1);
    if (depth > 0 || !(closes || /[\s,]/.test(sign))) continue;
    names.push(text.slice(start, closes ? at + 1 : at));
    start = at + 1;
  }
  const rest = text.slice(start);
  return [...names, ...(depth > 0 ? rest.split(/[\s,]+/) : [rest])]
    .map(withoutWrapping)
    .filter((name) => name !== "" && !ONLY_SIGNS.test(name));
}

/** Brackets and quotes around names are left over from lists that are no valid YAML. */
function withoutWrapping(name: string): string {
  return name
    .trim()
    .replace(/^[["'`]+/, "")
    .replace(/[\]"'`]+$/, "");
}

/** The tools that a file grants. Drops with a note what is granted for some arguments only, or is no name. */
export function grantedTools(value: unknown, field: string, notes: string[]): readonly string[] {
  const found = namesIn(value);
  if (found === null || found.odd > 0)
    notes.push(`${field}: values that are no names were left out: write a list of names`);
  const entries = found?.entries ?? [];
  if (found !== null && found.odd === 0 && entries.flat().length === 0)
    notes.push(`${field} is empty, so the agent has no tools: leave the field out for those of your configuration`);
  const hasDashes = entries.flat().every((name) => name.startsWith("-"));
  return entries.flatMap((names) => {
    if (names.length === 1 && names[0] === ALL) return [ALL];
    return names.flatMap((name) => grantOf(hasDashes ? withoutDash(name) : name, field, notes));
  });
}

function grantOf(written: string, field: string, notes: string[]): readonly string[] {
  const name = withoutProse(written);
  const pattern = withoutOddSigns(name);
  if (name !== written && !isEmphasis(written, name)) notes.push(starNote(written, name, field));
  if (name === "") return [];
  if (patternFault(pattern) === null) return [pattern];
  const reason = name.includes("(") ? "legwork cannot limit arguments" : "it cannot be the name of a tool";
  notes.push(`${field}: ${name} was left out, because ${reason}`);
  return [];
}

/**
 * The name without stars that are none of its own. Hosts have stars behind the name of a server only: in other places they
 * are bullets, emphasis or prose, and as patterns they would grant what nobody named.
 */
function withoutProse(name: string): string {
  if (name.includes("(")) return name;
  const stars = /^(?:mcp_|[A-Za-z0-9][\w.-]*?__)/.test(name.replace(/^\*+/, "")) ? /\*{2,}|(?<!_)\*/g : /\*/g;
  return name.replace(stars, "");
}

function isEmphasis(written: string, name: string): boolean {
  return name !== "" && ["*", "**", "***"].some((stars) => written === stars + name + stars);
}

function starNote(written: string, name: string, field: string): string {
  if (name === "") return `${field}: ${written} beside names grants nothing: for all tools write "${ALL}" alone`;
  return `${field}: ${written} was read as ${name}: a star stands only behind the name of a server, as in mcp__server__*`;
}

/** The tools that a file blocks: with any arguments, where the host forbids some. Throws ConfigError for a name that is none. */
export function blockedTools(value: unknown, field: string, place: string, notes: string[]): readonly string[] {
  const found = namesIn(value);
  if (found === null || found.odd > 0)
    throw new ConfigError(`${place}: ${field} has to be names with commas between them, or a list of names`);
  return found.entries.flat().map((written) => {
    const name = withoutEmphasis(withoutDash(written));
    const pattern = withoutOddSigns(name);
    if (patternFault(pattern) === null) return pattern;
    const [whole = ""] = /^[\w*-]+/.exec(pattern) ?? [];
    if (whole === "" || !name.includes("(")) throw new ConfigError(`${place}: ${patternFault(name)}`);
    notes.push(`${field}: ${name} blocks ${whole} with any arguments, because legwork cannot limit arguments`);
    return whole;
  });
}

/** A block keeps its stars, which only block more, but where they would hide the name of a tool. */
function withoutEmphasis(name: string): string {
  const bare = name.replace(/^\*+|\*+$/g, "");
  return whyMissing(bare) !== null || /^(\*{2,})[^*].*\1$/.test(name) ? bare : name;
}

/** The dash of a list without the blank behind it. */
function withoutDash(name: string): string {
  return name.replace(/^-+/, "");
}

/** Hosts allow more signs in the names of servers' tools; patterns have "_" in their place. */
function withoutOddSigns(name: string): string {
  if (!name.startsWith("mcp_")) return name;
  const [head = ""] = name.split("(", 1);
  return head.replace(/[^\w*-]/g, "_") + name.slice(head.length);
}
