/** list_agents: what can be spawned, and with the tools of which downstream servers. */
import { z } from "zod";
import { RequestError } from "../../core/errors.js";
import { didYouMean } from "../../core/nearest.js";
import type { ServerStatus } from "../../core/ports.js";
import { pairSafe } from "../../core/text.js";
import { encodeCursor, fitItems, type Keyed, listCursor, sizeOf } from "../page.js";
import { cursor } from "../schemas.js";
import { type Answer, defineTool } from "../tool.js";

const AGENTS = [
  { name: "default", description: "A general agent: does what its prompt says with the tools that it is granted." },
];
const LONGEST_LINE = 160; // characters of a tool's description
const LONGEST_TEXT = 500; // characters of a problem or a notice

export const listAgents = defineTool({
  name: "list_agents",
  title: "List agents",
  description:
    "The agents there are, and the MCP servers whose tools they can be granted; with server, that server's tools. Starts nothing: of a server that is not up it tells what is remembered.",
  annotations: { readOnlyHint: true, openWorldHint: false },
  input: z.strictObject({
    server: z.string().max(100).optional(),
    limit: z.int().min(1).max(200).default(100),
    cursor,
  }),
  output: z.looseObject({
    agents: z.array(z.looseObject({})).optional(),
    servers: z.array(z.looseObject({})).optional(),
    tools: z.array(z.looseObject({})).optional(),
    next_cursor: z.string().nullable().optional(),
  }),
  async handle({ server, limit, cursor: from }, { runtime, host }) {
    const { downstream, notices } = await runtime.setup();
    const servers = downstream.status();
    const page = { limit, from, room: host.maxAnswer - 300 };
    if (server === undefined) return serversPage(servers, notices, page);
    const status = servers.find(({ name }) => name === server);
    if (status === undefined) throw unknownServer(server, servers);
    return toolsPage(status, page);
  },
});

interface Page {
  readonly limit: number;
  readonly from: string | undefined;
  /** Characters. */
  readonly room: number;
}

/** The agents and notices stand on the first page only. */
function serversPage(servers: readonly ServerStatus[], notices: readonly string[], page: Page): Answer {
  const isFirst = page.from === undefined;
  const said = isFirst ? cutNotices(notices, page.room / 3) : [];
  const head = { ...(isFirst ? { agents: AGENTS } : {}), ...(said.length > 0 ? { notices: said } : {}) };
  const { values, next_cursor } = cut("servers", servers.map(toServer), page, sizeOf(head));
  return { ...head, servers: values, next_cursor };
}

/** The tools in the server's order, then what was set aside. */
function toolsPage(status: ServerStatus, page: Page): Answer {
  const server = toServer(status);
  const tools = (status.listing?.tools ?? []).map(({ name, effect, description }) => ({
    name,
    effect,
    description: lineOf(description),
  }));
  const aside = (status.listing?.problems ?? []).map(({ code, message }) => ({ code, reason: cutText(message) }));
  const { values, next_cursor } = cut(`tools ${status.name}`, [...tools, ...aside], page, sizeOf(server));
  return {
    server,
    tools: values.filter((value) => "name" in value),
    set_aside: values.filter((value) => "reason" in value),
    next_cursor,
  };
}

function cut(kind: string, values: readonly object[], { limit, from, room }: Page, taken: number) {
  const at = listCursor(kind, from);
  const rest: readonly Keyed[] = values.map((value, index) => ({ key: index + 1, value })).slice(at.after);
  const shown = rest.slice(0, limit);
  const { page, next } = fitItems(shown, at, room - taken);
  const last = shown.at(-1);
  const goOn = next ?? (rest.length > shown.length && last ? { after: last.key, offset: 0 } : null);
  return { values: page, next_cursor: goOn && encodeCursor(kind, goOn) };
}

function toServer({ name, state, reach, from, problem, listing }: ServerStatus): Answer {
  return {
    name,
    state,
    reach,
    from,
    problem: problem && { code: problem.code, message: cutText(problem.message) },
    /** Null where they were never seen. */
    tools: listing?.tools.length ?? null,
    set_aside: listing?.problems.length ?? null,
  };
}

function lineOf(description: string): string {
  const [line = ""] = description.trimStart().split(/\r|\n/, 1);
  return cutText(line.trimEnd(), LONGEST_LINE);
}

function cutText(text: string, length = LONGEST_TEXT): string {
  return text.length <= length ? text : `${text.slice(0, pairSafe(text, length - 1))}…`;
}

/** As many as fit; the list of servers comes first. */
function cutNotices(notices: readonly string[], room: number): readonly string[] {
  const shown: string[] = [];
  let used = 0;
  for (const notice of notices.map((text) => cutText(text))) {
    used += sizeOf(notice) + 1;
    if (used > room) return [...shown, `${notices.length - shown.length} more`];
    shown.push(notice);
  }
  return shown;
}

function unknownServer(name: string, servers: readonly ServerStatus[]): RequestError {
  const names = servers.map((server) => server.name);
  const known = names.length === 0 ? "no server is configured" : `the servers are ${cutText(names.join(", "))}`;
  return new RequestError("unknown_server", `there is no server "${name}"${didYouMean(name, names)} (${known})`);
}
