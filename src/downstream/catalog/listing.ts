/** Turns a server's own list of tools into catalog tools, and rejects those that cannot be used. */
import { isDeepStrictEqual } from "node:util";
import type { ServerConfig } from "../../core/definitions/server-config.js";
import type { ToolList } from "../../core/ports/catalog-store.js";
import type { Catalog, ServerProblem } from "../../core/ports/downstream.js";
import { REDACT_NOTHING, type Redact, withTexts } from "../../core/redact.js";
import { type CatalogTool, patternForbids, patternMatches, qualifiedName } from "../../core/tools/tool.js";
import { isRecord } from "../../lib/is-record.js";
import { createPauses } from "../../lib/pauses.js";
import { cutTo } from "../../lib/text.js";
import { EXCESSES } from "../connection/list-tools.js";
import { effectOf } from "./effects.js";
import { schemaFault } from "./schema-fault.js";

const LONGEST_NAME = 100; // characters that are shown

type RawTool = Readonly<Record<string, unknown>> & { readonly name: string };

/**
 * The list as legwork stores it: with the faults of its tools, and with schemas without half characters, which vendors
 * refuse. Storing the faults is faster than checking hundreds of schemas again; large lists are checked with pauses.
 */
export async function withFaults(list: ToolList, redact: Redact = REDACT_NOTHING): Promise<ToolList> {
  const pause = createPauses();
  const checked: CheckedTool[] = [];
  for (const raw of list.tools) {
    await pause();
    checked.push(checkTool(redact.value(raw)));
  }
  return assembled(list, checked);
}

interface CheckedTool {
  readonly tool: unknown;
  readonly fault: string | null;
}

function checkTool(raw: unknown): CheckedTool {
  if (!isNamed(raw)) return { tool: raw, fault: null };
  const { inputSchema } = raw;
  const tool = isRecord(inputSchema) ? { ...raw, inputSchema: withTexts(inputSchema, wellFormed) } : raw;
  return { tool, fault: faultOf(raw) };
}

function assembled(list: ToolList, checked: readonly CheckedTool[]): ToolList {
  const faults = checked.flatMap(({ fault }, index) => (fault === null ? [] : [[index, fault] as const]));
  return { ...list, tools: checked.map(({ tool }) => tool), faults: Object.fromEntries(faults) };
}

/** Checks each tool by itself, in the server's order, so that one bad tool costs no other. Omits the tools for which `isWithheld` is true. */
export function toListing(config: ServerConfig, list: ToolList, isWithheld: (tool: string) => boolean): Catalog {
  const tools: CatalogTool[] = [];
  const problems: ServerProblem[] = [];
  const seen = new Map<string, RawTool>();
  const { tools: raws, faults = {} } = list.faults ? list : assembled(list, list.tools.map(checkTool));
  for (const [index, raw] of raws.entries()) {
    if (!isNamed(raw)) {
      problems.push(rejection(config.name, `its tool number ${index + 1}`, "it has no name"));
      continue;
    }
    const name = qualifiedName(config.name, raw.name);
    if (!isIncluded({ ...serverOf(config), name, tool: raw.name }, config)) continue;
    const first = seen.get(name);
    if (first && isDeepStrictEqual(first, raw)) continue; // a server that ignores the cursor sends a page twice
    const fault = first ? `another of its tools has the same name, ${name}` : (faults[index] ?? null);
    if (fault === null) {
      if (!isWithheld(raw.name)) tools.push(toCatalogTool(config, name, raw));
    } else problems.push(rejection(config.name, toolNamed(raw.name), fault));
    if (!first) seen.set(name, raw);
  }
  if (!list.complete) problems.push(cutProblem(config.name, tools.length));
  return { tools, problems };
}

/** The problem that reports a tool of a server as rejected, with the reason. */
export function rejection(server: string, tool: string, fault: string): ServerProblem {
  const message = `server "${server}": ${tool} was rejected: ${fault}`;
  return { server, code: "tool_rejected", message };
}

/** A tool by the name that its server gave it, quoted and cut for a message. */
export function toolNamed(name: string): string {
  return `tool ${JSON.stringify(cutTo(name, LONGEST_NAME))}`;
}

function isNamed(raw: unknown): raw is RawTool {
  return isRecord(raw) && typeof raw.name === "string" && raw.name !== "";
}

type ServerOf = Pick<CatalogTool, "server" | "writtenServer">;

function serverOf({ name, writtenName }: ServerConfig): ServerOf {
  return writtenName === undefined ? { server: name } : { server: name, writtenServer: writtenName };
}

function isIncluded(tool: ServerOf & Pick<CatalogTool, "name" | "tool">, config: ServerConfig): boolean {
  const included = config.includeTools?.some((pattern) => patternMatches(pattern, tool)) ?? true;
  return included && !config.excludeTools.some((pattern) => patternForbids(pattern, tool));
}

function faultOf(raw: RawTool): string | null {
  const { inputSchema, execution } = raw;
  const excess = EXCESSES.find((text) => text === inputSchema);
  if (excess !== undefined) return excess;
  if (!isRecord(inputSchema)) return "its inputSchema is missing or no object";
  const type = inputSchema.type;
  if (type !== undefined && type !== "object")
    return `its inputSchema is of type ${JSON.stringify(type)}, not "object"`;
  const fault = schemaFault(inputSchema);
  if (fault !== null) return `its inputSchema cannot be used: ${fault}`;
  if (isRecord(execution) && execution.taskSupport === "required") return "it can only be called as an MCP task";
  return null;
}

function toCatalogTool(config: ServerConfig, name: string, raw: RawTool): CatalogTool {
  const { description, inputSchema, annotations } = raw;
  const named = { ...serverOf(config), name, tool: raw.name };
  return {
    ...named,
    description: typeof description === "string" ? description.toWellFormed() : "",
    // Servers may omit the type, but vendors require it.
    inputSchema: { type: "object", ...(isRecord(inputSchema) ? inputSchema : {}) },
    effect: effectOf(named, annotations, config.effects),
  };
}

const wellFormed = (text: string) => text.toWellFormed();

function cutProblem(server: string, kept: number): ServerProblem {
  const message = `server "${server}" lists too many tools; only the first ${kept} are used`;
  return { server, code: "tool_list_cut", message };
}
