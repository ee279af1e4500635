/** Answers one call of a tool. */
import { readSeenFiles, SEEN_FILES, type SeenFile } from "../core/tools/seen-file.js";
import { codeOf } from "../lib/code-of.js";
import type { CallFiles } from "./answer.js";
import { Refusal } from "./refusal.js";
import { checkArguments } from "./tools/arguments.js";
import { TOOLS } from "./tools/tools.js";
import type { Workspace } from "./workspace.js";

type Fields = Readonly<Record<string, unknown>>;

const INVALID = "MCP error -32602:";

/** The result of `tools/call`. Never throws but for a bug. */
export function answerCall(workspace: Workspace, params: Fields): Fields {
  const tool = TOOLS.find(({ name }) => name === params.name);
  if (tool === undefined) return failed(`${INVALID} Tool ${String(params.name)} not found`);
  const checked = checkArguments(tool.inputSchema, params.arguments ?? {});
  if (checked.kind === "fault")
    return failed(`${INVALID} Input validation error: Invalid arguments for tool ${tool.name}: ${checked.fault}`);
  const known = new Map(readSeenFiles(params._meta).map(({ path, stamp }) => [path, stamp]));
  const files: CallFiles = { known, seen: [] };
  try {
    const { content, structured } = tool.call(workspace, checked.value as never, files);
    return { content, structuredContent: { content: structured }, ...metaOf(files.seen) };
  } catch (error) {
    return { ...failed(textOf(error)), ...metaOf(files.seen) };
  }
}

function failed(text: string): Fields {
  return { content: [{ type: "text", text }], isError: true };
}

/** Throws what is neither a refusal nor an error of the system. */
function textOf(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  const code = codeOf(error);
  if (code === null) throw error;
  return `${code}: the system refused the call`; // its own words would name the path of an open file
}

function metaOf(seen: readonly SeenFile[]): Fields {
  return seen.length === 0 ? {} : { _meta: { [SEEN_FILES]: seen } };
}

/** The tools as `tools/list` tells them. */
export function listTools(): Fields {
  const $schema = "http://json-schema.org/draft-07/schema#";
  const tools = TOOLS.map(({ name, title, description, inputSchema, outputSchema, annotations }) => ({
    name,
    title,
    description,
    inputSchema: { ...inputSchema, $schema },
    outputSchema: { ...outputSchema, $schema },
    annotations,
  }));
  return { tools };
}
