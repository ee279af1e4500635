/** Tools: their names, their effects, and the patterns that match them. */
import { starMatches } from "../../lib/star-matches.js";
import {
  type AliasSubject,
  aliasMatches,
  anySpellingMatches,
  claudeServerNames,
  geminiServerNames,
  spelled,
} from "./tool-alias.js";

/** read_only: changes nothing. idempotent: safe to repeat. effectful: not safe to repeat, or unknown. */
export type Effect = "read_only" | "idempotent" | "effectful";

/** A tool of a downstream server in the catalog. */
export interface CatalogTool {
  /** The qualified name `server__tool`, which models and patterns use. */
  readonly name: string;
  readonly server: string;
  /** The name of the server in the file that defines it, where that is not its name here. */
  readonly writtenServer?: string;
  /** The name of the tool at its server. */
  readonly tool: string;
  readonly description: string;
  readonly inputSchema: object;
  readonly effect: Effect;
}

/** The built-in tools with which an agent controls its child runs. */
export const SPAWN_AGENT = "spawn_agent";
export const WAIT_FOR_RUNS = "wait_for_runs";
export const GET_RUN = "get_run";
export const CANCEL_RUN = "cancel_run";
export const CHILD_TOOL_NAMES: readonly string[] = [SPAWN_AGENT, WAIT_FOR_RUNS, GET_RUN, CANCEL_RUN];

const MAX_NAME_LENGTH = 64; // the tightest limit among the vendors
const SEPARATOR = "__";

/**
 * The name `server__tool` in at most 64 of `[A-Za-z0-9_-]`.
 * A changed or shortened name ends in a hash of the original, so that it is stable and differs from all others.
 */
export function qualifiedName(server: string, tool: string): string {
  const whole = `${server}${SEPARATOR}${tool}`;
  const legal = whole.replace(/[^A-Za-z0-9_-]/g, "_");
  if (legal === whole && whole.length <= MAX_NAME_LENGTH) return whole;
  const suffix = `_${shortHash(whole)}`;
  return legal.slice(0, MAX_NAME_LENGTH - suffix.length) + suffix;
}

/** Whether legwork itself provides the tool; every downstream tool has a qualified name. */
export function isBuiltIn(name: string): boolean {
  return !name.includes(SEPARATOR);
}

/** Whether a call of the tool is work on the task, which workflows count; the other built-in tools concern the run itself. */
export function isWork(name: string): boolean {
  return !isBuiltIn(name) || CHILD_TOOL_NAMES.includes(name);
}

/** The tool that reads what answers leave out. */
export const READ_RESULT = "read_result";

const EVERY_AGENT_HAS: readonly string[] = ["complete", "ask", READ_RESULT];

/** Why a list of tools cannot grant or block a built-in tool of this name; null for other names. */
export function whyNotGranted(pattern: string): string | null {
  const own = "it is built in, and lists of tools neither grant nor block it";
  if (CHILD_TOOL_NAMES.includes(pattern)) return `${own}: max_depth lets an agent start others`;
  if (EVERY_AGENT_HAS.includes(pattern)) return `${own}: every agent has it`;
  return pattern === "request_step" ? `${own}: every agent that follows a workflow has it` : null;
}

/** The server in a qualified name; null for built-in tools. */
export function serverOf(tool: string): string | null {
  return isBuiltIn(tool) ? null : tool.slice(0, tool.indexOf(SEPARATOR));
}

/** The fault of a tool pattern, or null for a name with any number of `*`. */
export function patternFault(pattern: string): string | null {
  if (/^[A-Za-z0-9_*-]+$/.test(pattern)) return null;
  const notAPattern = `"${pattern}" is not a tool pattern`;
  const [, limited] = /^([A-Za-z0-9_*-]+)\(.*\)$/s.exec(pattern) ?? [];
  if (limited !== undefined)
    return `${notAPattern}: arguments cannot be limited, so use "${limited}" for calls with any arguments, or leave it out`;
  return `${notAPattern}: use a tool name with "*" for any characters, such as "workspace__*"`;
}

type NamedTool = Pick<CatalogTool, "name" | "server" | "writtenServer"> & Partial<Pick<CatalogTool, "tool">>;

/**
 * Whether a pattern matches a tool: its qualified name or, for a pattern without `__`, its name on any server.
 * A pattern may also use the names that other hosts have for the tool.
 */
export function patternMatches(pattern: string, tool: NamedTool): boolean {
  const subject = subjectOf(tool);
  return matchesOwnName(pattern, subject.server, subject.tool) || aliasMatches(pattern, subject);
}

/**
 * Whether a pattern blocks a tool. It also matches the name of the tool at its server, and every spelling that a host has
 * for it, so that a tool with a changed or shortened name does not escape a block.
 */
export function patternForbids(pattern: string, tool: NamedTool & Pick<CatalogTool, "tool">): boolean {
  const subject = subjectOf(tool);
  const own = spelled(tool.tool);
  return (
    patternMatches(pattern, tool) ||
    matchesOwnName(pattern, tool.server, own) ||
    starMatches(pattern, own) ||
    aliasMatches(pattern, { ...subject, tool: own }) ||
    anySpellingMatches(pattern, subject)
  );
}

function subjectOf({ name, server, writtenServer = server, tool }: NamedTool): AliasSubject {
  const here = name.slice(server.length + SEPARATOR.length);
  return { server, writtenServer, tool: here, ownTool: tool ?? here };
}

function matchesOwnName(pattern: string, server: string, tool: string): boolean {
  return starMatches(pattern, pattern.includes(SEPARATOR) ? server + SEPARATOR + tool : tool);
}

/** Whether a pattern names tools of this server only, in the names of any host. */
export function patternNamesServer(pattern: string, server: string, writtenServer = server): boolean {
  return patternMayReach(pattern, server, writtenServer) && !patternMayReach(pattern, `${server}-other`);
}

/** Whether a pattern could match a tool of a server whose tools are unknown. */
export function patternMayReach(pattern: string, server: string, writtenServer = server): boolean {
  if (!pattern.includes(SEPARATOR)) return true;
  const claude = claudeServerNames(server, writtenServer);
  if (claude.includes(pattern)) return true;
  const beginnings = [server, ...claude].map((name) => name + SEPARATOR);
  return [...beginnings, ...geminiServerNames(server, writtenServer)].some((beginning) => mayBegin(pattern, beginning));
}

/** Whether some text that the pattern matches begins in this way; a host may have cut the middle out of a long name. */
function mayBegin(pattern: string, beginning: string): boolean {
  const [fixed = ""] = pattern.split(/\*|___/, 1);
  return fixed === pattern ? pattern.startsWith(beginning) : fixed.startsWith(beginning) || beginning.startsWith(fixed);
}

/** 32-bit FNV-1a in hexadecimal: distinguishes names, no protection against forgery. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
