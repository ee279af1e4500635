/**
 * The server of a project's files: an MCP server on stdio that cannot leave its root.
 * Its arguments are the root and, as JSON, the settings. It speaks the few messages that it needs itself, since loading an
 * SDK would cost more than all its calls.
 */
import { isRecord } from "../lib/is-record.js";
import { LineSplitter } from "../lib/line-splitter.js";
import { answerCall, listTools } from "./answer-call.js";
import { openWorkspace, type Workspace, type WorkspaceSettings } from "./workspace.js";

type Fields = Readonly<Record<string, unknown>>;

const LARGEST_MESSAGE = 64 * 1024 * 1024; // bytes, as legwork's own limit for a message
const PROTOCOLS = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
const NO_SUCH_METHOD = -32601;
const NOT_JSON = -32700;
const INTERNAL_ERROR = -32603;

const [, , root = "", settings = "{}"] = process.argv;

serve(openWorkspace(root, toSettings(settings)));

function toSettings(json: string): WorkspaceSettings {
  const { home, read, write } = JSON.parse(json) as Fields;
  const listOf = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  return { home: typeof home === "string" ? home : null, read: listOf(read), write: listOf(write) };
}

/** Answers one message after the other, so that calls never see each other half done. */
function serve(workspace: Workspace): void {
  const lines = new LineSplitter(LARGEST_MESSAGE);
  process.stdin.on("data", (chunk: Buffer) => lines.push(chunk, (line) => handle(workspace, line)));
  process.stdin.on("end", () => process.exit(0));
  process.stdout.on("error", () => process.exit(0)); // nobody reads any more
}

function handle(workspace: Workspace, line: string): void {
  if (line.trim() === "") return;
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    send({ id: null, error: { code: NOT_JSON, message: "the line is no JSON" } });
    return;
  }
  if (!isRecord(message) || typeof message.method !== "string" || message.id === undefined) return;
  const { id, method } = message;
  const params = isRecord(message.params) ? message.params : {};
  try {
    const result = answer(workspace, method, params);
    send(result === null ? { id, error: { code: NO_SUCH_METHOD, message: "Method not found" } } : { id, result });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    send({ id, error: { code: INTERNAL_ERROR, message: "internal error of the workspace server" } });
  }
}

/** The result of a request, null for a method that is not known. */
function answer(workspace: Workspace, method: string, params: Fields): Fields | null {
  switch (method) {
    case "initialize":
      return {
        protocolVersion: PROTOCOLS.find((version) => version === params.protocolVersion) ?? PROTOCOLS[0],
        capabilities: { tools: {} },
        serverInfo: { name: "legwork-workspace", version: "1.0.0" },
      };
    case "ping":
      return {};
    case "tools/list":
      return listTools();
    case "tools/call":
      return answerCall(workspace, params);
    default:
      return null;
  }
}

function send(message: Fields): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
}
