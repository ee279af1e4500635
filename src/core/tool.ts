/** Tools: their names, what they do to the world, and the patterns that name them. */

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

/** What is wrong with a tool pattern, or null when it is a name with any number of `*`. */
export function patternFault(pattern: string): string | null {
  if (/^[A-Za-z0-9_*-]+$/.test(pattern)) return null;
  return `"${pattern}" is not a tool pattern: use a tool name with "*" for any characters, such as "workspace__*"`;
}

/** Whether a pattern names a tool: against its qualified name, or, when the pattern has no `__`, its name on any server. */
export function patternMatches(pattern: string, tool: Pick<CatalogTool, "name" | "server">): boolean {
  const subject = pattern.includes(SEPARATOR) ? tool.name : tool.name.slice(tool.server.length + SEPARATOR.length);
  return starMatches(pattern, subject);
}

/**
 * Whether a pattern forbids a tool: by its qualified name, and by the server's own name for it as far as that can be
 * written, so that a name that was cut or changed escapes no prohibition.
 */
export function patternForbids(pattern: string, tool: Pick<CatalogTool, "name" | "server" | "tool">): boolean {
  const own = tool.tool.replace(/[^A-Za-z0-9_-]/g, "_");
  return (
    patternMatches(pattern, tool) || [own, tool.server + SEPARATOR + own].some((name) => starMatches(pattern, name))
  );
}

/** Whether a pattern could name a tool of a server, judged without knowing the server's tools. */
export function patternMayReach(pattern: string, server: string): boolean {
  const at = pattern.indexOf(SEPARATOR);
  if (at < 0) return true;
  const head = pattern.slice(0, at);
  // A star in the head may also run over the separator, so only a head without one decides.
  return head.includes("*") || head === server;
}

/** Matches `*` (any characters, also none) in time linear in the text for each star. */
function starMatches(pattern: string, text: string): boolean {
  const parts = pattern.split("*");
  const first = parts[0] ?? "";
  if (parts.length === 1) return text === first;
  const last = parts[parts.length - 1] ?? "";
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let position = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, position);
    if (found < 0 || found + part.length > end) return false;
    position = found + part.length;
  }
  return true;
}

/** 32-bit FNV-1a in hexadecimal: tells names apart, protects nothing. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
