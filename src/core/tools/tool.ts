/** Tools: their names, what they do to the world, and the patterns that name them. */
import { starMatches } from "../../lib/star-matches.js";
import { aliasMatches, withoutClaudePrefix } from "./tool-alias.js";

/** read_only changes nothing; idempotent may be repeated safely; effectful may not (and is what unknown means). */
export type Effect = "read_only" | "idempotent" | "effectful";

/** A tool of a downstream server as the catalog knows it. */
export interface CatalogTool {
  /** The qualified name `server__tool` under which models and patterns know it. */
  readonly name: string;
  readonly server: string;
  /** The server's own name for it. */
  readonly tool: string;
  readonly description: string;
  readonly inputSchema: object;
  readonly effect: Effect;
}

/** The built-in tools by which an agent works with runs of its own. */
export const SPAWN_AGENT = "spawn_agent";
export const WAIT_FOR_RUNS = "wait_for_runs";
export const GET_RUN = "get_run";
export const CANCEL_RUN = "cancel_run";
export const CHILD_TOOL_NAMES: readonly string[] = [SPAWN_AGENT, WAIT_FOR_RUNS, GET_RUN, CANCEL_RUN];

const MAX_NAME_LENGTH = 64; // the tightest limit among the vendors
const SEPARATOR = "__";

/**
 * The name `server__tool` in at most 64 of `[A-Za-z0-9_-]`.
 * A name that had to be changed or cut ends in a hash of the original, so that it is stable and stays apart from others.
 */
export function qualifiedName(server: string, tool: string): string {
  const whole = `${server}${SEPARATOR}${tool}`;
  const legal = whole.replace(/[^A-Za-z0-9_-]/g, "_");
  if (legal === whole && whole.length <= MAX_NAME_LENGTH) return whole;
  const suffix = `_${shortHash(whole)}`;
  return legal.slice(0, MAX_NAME_LENGTH - suffix.length) + suffix;
}

/** True for the tools legwork itself gives to an agent; every downstream tool has a qualified name. */
export function isBuiltIn(name: string): boolean {
  return !name.includes(SEPARATOR);
}

/** Whether a call of it is work on the task, which workflows count; the other built-in tools are about the run itself. */
export function isWork(name: string): boolean {
  return !isBuiltIn(name) || CHILD_TOOL_NAMES.includes(name);
}

/** The server's part of a qualified name; null for the tools that legwork itself gives. */
export function serverOf(tool: string): string | null {
  return isBuiltIn(tool) ? null : tool.slice(0, tool.indexOf(SEPARATOR));
}

/** What is wrong with a tool pattern, or null when it is a name with any number of `*`. */
export function patternFault(pattern: string): string | null {
  if (/^[A-Za-z0-9_*-]+$/.test(pattern)) return null;
  const said = `"${pattern}" is not a tool pattern`;
  const [, limited] = /^([A-Za-z0-9_*-]+)\(.*\)$/s.exec(pattern) ?? [];
  if (limited !== undefined)
    return `${said}: arguments cannot be limited, so use "${limited}" for calls with any arguments, or leave it out`;
  return `${said}: use a tool name with "*" for any characters, such as "workspace__*"`;
}

/**
 * Whether a pattern names a tool: against its qualified name, or, when the pattern has no `__`, its name on any server.
 * The names by which other hosts know the tool count as well.
 */
export function patternMatches(pattern: string, tool: Pick<CatalogTool, "name" | "server">): boolean {
  return namesTool(pattern, tool.server, tool.name.slice(tool.server.length + SEPARATOR.length));
}

/**
 * Whether a pattern forbids a tool: by its qualified name, and by the server's own name for it as far as that can be
 * written, so that a name that was cut or changed escapes no prohibition.
 */
export function patternForbids(pattern: string, tool: Pick<CatalogTool, "name" | "server" | "tool">): boolean {
  const own = tool.tool.replace(/[^A-Za-z0-9_-]/g, "_");
  return patternMatches(pattern, tool) || namesTool(pattern, tool.server, own) || starMatches(pattern, own);
}

function namesTool(pattern: string, server: string, tool: string): boolean {
  const subject = pattern.includes(SEPARATOR) ? server + SEPARATOR + tool : tool;
  return starMatches(pattern, subject) || aliasMatches(pattern, server, tool);
}

/** Whether a pattern is about one server and no other: by whichever host's names. */
export function patternNamesServer(pattern: string, server: string): boolean {
  return patternMayReach(pattern, server) && !patternMayReach(pattern, `${server}-other`);
}

/** Whether a pattern could name a tool of a server, judged without knowing the server's tools. */
export function patternMayReach(pattern: string, server: string): boolean {
  if (!pattern.includes(SEPARATOR) || headReaches(pattern, server)) return true;
  const rest = withoutClaudePrefix(pattern);
  return rest !== null && headReaches(rest, server);
}

function headReaches(pattern: string, server: string): boolean {
  const [head = ""] = pattern.split(SEPARATOR, 1);
  // A star in the head may also run over the separator, so only a head without one decides.
  return head.includes("*") || head === server;
}

/** 32-bit FNV-1a in hexadecimal: tells names apart, protects nothing. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
