/** Lists of tools in agent files of other hosts: a list, or one text with commas or blanks between the names. */
import { ConfigError } from "../../core/errors.js";
import { patternFault } from "../../core/tools/tool.js";
import { isRecord } from "../../lib/is-record.js";

/** The fields that block tools. Every spelling counts, because a misspelt block list would block nothing. */
export const BLOCKS = /^disallowed[-_]?tools$/i;

/** The names in a value; null where it is neither a text nor a list. Items that are no names are counted in `odd`. */
function namesIn(value: unknown): { readonly names: readonly string[]; readonly odd: number } | null {
  if (isRecord(value) || typeof value === "boolean") return null;
  const items = (Array.isArray(value) ? value.flat() : [value]).filter((item) => item !== null && item !== undefined);
  const texts = items.filter((item) => typeof item === "string" || typeof item === "number").map(String);
  return { names: texts.flatMap(splitNames), odd: items.length - texts.length };
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
  return [...names, ...(depth > 0 ? rest.split(/[\s,]+/) : [rest])].map(withoutWrapping).filter((name) => name !== "");
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
  const names = found?.names ?? [];
  if (found !== null && found.odd === 0 && names.length === 0)
    notes.push(`${field} is empty, so the agent has no tools: leave the field out for those of your configuration`);
  return names.flatMap((name) => {
    const pattern = withoutOddSigns(name);
    if (patternFault(pattern) === null) return [pattern];
    const reason = name.includes("(") ? "legwork cannot limit arguments" : "it cannot be the name of a tool";
    notes.push(`${field}: ${name} was left out, because ${reason}`);
    return [];
  });
}

/** The tools that a file blocks: with any arguments, where the host forbids some. Throws ConfigError for a name that is none. */
export function blockedTools(value: unknown, field: string, place: string, notes: string[]): readonly string[] {
  const found = namesIn(value);
  if (found === null || found.odd > 0)
    throw new ConfigError(`${place}: ${field} has to be names with commas between them, or a list of names`);
  return found.names.map((name) => {
    const pattern = withoutOddSigns(name);
    if (patternFault(pattern) === null) return pattern;
    const [whole = ""] = /^[\w*-]+/.exec(pattern) ?? [];
    if (whole === "" || !name.includes("(")) throw new ConfigError(`${place}: ${patternFault(name)}`);
    notes.push(`${field}: ${name} blocks ${whole} with any arguments, because legwork cannot limit arguments`);
    return whole;
  });
}

/** Hosts allow more signs in the names of servers' tools; patterns have "_" in their place. */
function withoutOddSigns(name: string): string {
  if (!name.startsWith("mcp_")) return name;
  const [head = ""] = name.split("(", 1);
  return head.replace(/[^\w*-]/g, "_") + name.slice(head.length);
}
