/** list_agents: lists agents, workflows and downstream servers, or the tools of one server. */
import { z } from "zod";
import type { AgentEntry, DefinitionEntry } from "../../core/definitions/agent.js";
import { RequestError } from "../../core/errors.js";
import type { ServerStatus } from "../../core/ports/downstream.js";
import { argumentNames } from "../../core/tools/argument-names.js";
import { cutTo } from "../../lib/text.js";
import { DEFAULT_AGENT } from "../../runner/request/resolve-request.js";
import { encodeCursor, listCursor, sizeOf } from "../../views/page.js";
import { fitSections, type Sections } from "../../views/sections.js";
import { shownNotices } from "../notices.js";
import { cursor } from "../schemas.js";
import { type Answer, defineTool } from "../tool.js";

const GENERAL_AGENT = "A general agent: does what its prompt says with the tools granted to it.";
const LONGEST_LINE = 160; // characters of a tool's description
const LONGEST_TEXT = 500; // characters of any other text
const MOST_NOTES = 5;

export const listAgents = defineTool({
  name: "list_agents",
  title: "List agents",
  description:
    "Lists what spawn_agent can delegate to: legwork's agents and workflows, broken ones with their error, and the MCP servers whose tools agents can use; with server, the tools of that server with the names of their arguments. Sub-agents of the host are not among them. Starts no server: for one that is not running, it shows the tools of its last run.",
  searchHint: "legwork agents, workflows and MCP servers to delegate to",
  annotations: { readOnlyHint: true, openWorldHint: false },
  input: z.strictObject({
    server: z.string().max(100).optional(),
    limit: z.int().min(1).max(200).default(100),
    cursor,
  }),
  output: z.looseObject({
    agents: z.array(z.looseObject({})).optional(),
    workflows: z.array(z.looseObject({})).optional(),
    servers: z.array(z.looseObject({})).optional(),
    tools: z.array(z.looseObject({})).optional(),
    next_cursor: z.string().nullable().optional(),
  }),
  async handle({ server, limit, cursor: from }, { runner, host }) {
    const { downstream, definitions, notices } = await runner.setup();
    const servers = downstream.status();
    const page = { limit, from, room: host.maxAnswer - 400 };
    if (server !== undefined) {
      const status = servers.find(({ name }) => name === server);
      if (status === undefined) throw unknownServer(downstream.whyAbsent(server), servers);
      return toolsPage(status, page);
    }
    const sections = {
      agents: toAgents(definitions.agents()),
      workflows: definitions.workflows().map(toDefinition),
      servers: servers.map(toServer),
    };
    return everythingPage(sections, notices, page);
  },
});

interface Page {
  readonly limit: number;
  readonly from: string | undefined;
  /** Bytes. */
  readonly room: number;
}

/** Only the first page has notices. */
function everythingPage(sections: Sections, notices: readonly string[], page: Page): Answer {
  const head = page.from === undefined ? shownNotices(notices, page.room / 3) : {};
  const { next_cursor, ...lists } = cut("everything", sections, page, sizeOf(head));
  return { next_cursor, ...head, ...lists };
}

/** The tools in the order of the server, then the rejected tools. */
function toolsPage(status: ServerStatus, page: Page): Answer {
  const server = toServer(status);
  const tools = (status.listing?.tools ?? []).map(({ name, effect, description, inputSchema }) => ({
    name,
    effect,
    ...argumentNames(inputSchema),
    description: lineOf(description),
  }));
  const rejected = (status.listing?.problems ?? []).map(({ code, message }) => ({ code, reason: cutText(message) }));
  const { next_cursor, ...lists } = cut(`tools ${status.name}`, { tools, rejected }, page, sizeOf(server));
  return { next_cursor, server, tools: [], rejected: [], ...lists };
}

function cut(kind: string, sections: Sections, { limit, from, room }: Page, taken: number): Answer {
  const { lists, next } = fitSections(sections, listCursor(kind, from), limit, room - taken);
  return { next_cursor: next && encodeCursor(kind, next), ...lists };
}

/** The agent without a definition comes first, unless a definition has its name. */
function toAgents(entries: readonly AgentEntry[]): readonly object[] {
  const general = { name: DEFAULT_AGENT, description: GENERAL_AGENT, origin: "shipped", from: null, error: null };
  const isDefined = entries.some(({ name }) => name === DEFAULT_AGENT);
  return [...(isDefined ? [] : [{ ...general, workflow: null }]), ...entries.map(toAgent)];
}

function toAgent(entry: AgentEntry): object {
  const notes = (entry.definition?.notes ?? []).slice(0, MOST_NOTES).map(cutText);
  return {
    ...toDefinition(entry),
    workflow: entry.definition?.workflow ?? null,
    ...(notes.length > 0 ? { notes } : {}),
  };
}

function toDefinition({ name, slug, description, origin, from, error }: DefinitionEntry): object {
  return {
    name,
    ...(slug === undefined ? {} : { slug }),
    description: description && cutText(description),
    origin,
    from,
    error: error && cutText(error),
  };
}

function toServer({ name, state, transport, from, problem, listing }: ServerStatus): Answer {
  return {
    name,
    state,
    transport,
    from,
    problem: problem && {
      code: problem.code,
      message: cutText(problem.message),
      ...(problem.remedy === undefined ? {} : { remedy: cutText(problem.remedy) }),
    },
    /** Null where the server has never listed its tools. */
    tools: listing?.tools.length ?? null,
    rejected: listing?.problems.length ?? null,
  };
}

function lineOf(description: string): string {
  const [line = ""] = description.trimStart().split(/\r|\n/, 1);
  return cutTo(line.trimEnd(), LONGEST_LINE);
}

function cutText(text: string): string {
  return cutTo(text, LONGEST_TEXT);
}

function unknownServer(why: string, servers: readonly ServerStatus[]): RequestError {
  const names = servers.map((server) => server.name);
  const known = names.length === 0 ? "no server is configured" : `the servers are ${cutText(names.join(", "))}`;
  return new RequestError("unknown_server", `${why} (${known})`);
}
