/** A server's own list of tools as catalog tools, with those that cannot be used set aside. */
import { isDeepStrictEqual } from "node:util";
import type { ServerProblem } from "../core/ports.js";
import type { ServerConfig } from "../core/server-config.js";
import { type CatalogTool, patternForbids, patternMatches, qualifiedName } from "../core/tool.js";
import { effectOf } from "./effects.js";
import type { ToolList } from "./list-tools.js";
import { isRecord } from "./wire.js";

/** What is known of one server's tools. */
export interface Listing {
  readonly tools: readonly CatalogTool[];
  readonly problems: readonly ServerProblem[];
}

type RawTool = Readonly<Record<string, unknown>> & { readonly name: string };

/** Judges each tool by itself, in the server's order: one bad tool costs no other. */
export function toListing(config: ServerConfig, list: ToolList): Listing {
  const tools: CatalogTool[] = [];
  const problems: ServerProblem[] = [];
  const seen = new Map<string, RawTool>();
  for (const [index, raw] of list.tools.entries()) {
    if (!isNamed(raw)) {
      problems.push(setAside(config.name, `its tool number ${index + 1}`, "it has no name"));
      continue;
    }
    const name = qualifiedName(config.name, raw.name);
    if (!isIncluded({ name, server: config.name, tool: raw.name }, config)) continue;
    const first = seen.get(name);
    if (first && isDeepStrictEqual(first, raw)) continue; // a server whose cursor means nothing sends a page twice
    const fault = first ? `another of its tools has the same name, ${name}` : faultOf(raw);
    if (fault === null) tools.push(toCatalogTool(config, name, raw));
    else problems.push(setAside(config.name, `tool "${raw.name}"`, fault));
    if (!first) seen.set(name, raw);
  }
  if (!list.complete) problems.push(cutProblem(config.name, tools.length));
  return { tools, problems };
}

/** Says that one tool of a server is not in the catalog, and why. */
export function setAside(server: string, tool: string, fault: string): ServerProblem {
  const message = `server "${server}": ${tool} was set aside: ${fault}`;
  return { server, code: "tool_set_aside", message };
}

function isNamed(raw: unknown): raw is RawTool {
  return isRecord(raw) && typeof raw.name === "string" && raw.name !== "";
}

function isIncluded(tool: Pick<CatalogTool, "name" | "server" | "tool">, config: ServerConfig): boolean {
  const included = config.includeTools?.some((pattern) => patternMatches(pattern, tool)) ?? true;
  return included && !config.excludeTools.some((pattern) => patternForbids(pattern, tool));
}

function faultOf(raw: RawTool): string | null {
  const { inputSchema, execution } = raw;
  if (!isRecord(inputSchema)) return "its inputSchema is missing or no object";
  const type = inputSchema.type;
  if (type !== undefined && type !== "object")
    return `its inputSchema is of type ${JSON.stringify(type)}, not "object"`;
  if (isRecord(execution) && execution.taskSupport === "required") return "it can only be called as an MCP task";
  return null;
}

function toCatalogTool(config: ServerConfig, name: string, raw: RawTool): CatalogTool {
  const { description, inputSchema, annotations } = raw;
  return {
    name,
    server: config.name,
    tool: raw.name,
    description: typeof description === "string" ? description : "",
    // The type may be left out on the wire, but vendors insist on it.
    inputSchema: { type: "object", ...(isRecord(inputSchema) ? inputSchema : {}) },
    effect: effectOf({ name, server: config.name }, annotations, config.effects),
  };
}

function cutProblem(server: string, kept: number): ServerProblem {
  const message = `server "${server}" lists tools without end; the first ${kept} are used`;
  return { server, code: "tool_list_cut", message };
}
