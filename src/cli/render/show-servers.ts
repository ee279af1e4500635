/** Servers and their tools, for people and for programs. */
import type { PinFinding, ServerProblem, ServerStatus } from "../../core/ports/downstream.js";
import { type ArgumentNames, argumentNames } from "../../core/tools/argument-names.js";
import { type Effect, qualifiedName } from "../../core/tools/tool.js";
import { visible } from "../../core/visible.js";
import { firstLine, visibleJson } from "./visible.js";

/** One tool, listed or withheld. */
interface ToolLine {
  readonly name: string;
  readonly effect: Effect | null;
  readonly description: string;
  /** The names of its arguments. */
  readonly names: ArgumentNames;
  /** How its definition differs from what was accepted. */
  readonly pin: "changed" | "new" | null;
  readonly withheld: boolean;
}

const LONGEST_DESCRIPTION = 500; // characters, for programs
const WIDEST_NAME = 40; // characters; longer names push their line to the right

export function toText(servers: readonly ServerStatus[], notices: readonly string[], width: number): string {
  const blocks = servers.map((server) => toBlock(server, width));
  const findings = servers.flatMap(({ pinFindings }) => pinFindings);
  const hints = findings.length > 0 ? [pinHint(findings)] : [];
  const none = servers.length === 0 ? ["no server is configured"] : [];
  return `${[...blocks, ...none, ...notices.map(visible), ...hints].join("\n\n")}\n`;
}

function toBlock(server: ServerStatus, width: number): string {
  const { name, state, transport, from, problem, listing } = server;
  const tools = toolLines(server);
  const indent = Math.min(WIDEST_NAME, Math.max(0, ...tools.map((tool) => tool.name.length)));
  return [
    [name, state, transport ?? "unusable", visible(from)].join("  "),
    ...(problem ? [`  problem: ${visible(problem.message)}`] : []),
    ...(problem?.remedy ? [`  remedy: ${visible(problem.remedy)}`] : []),
    ...(listing === null ? ["  its tools were never seen"] : []),
    ...tools.map((tool) => toLine(tool, indent, width)),
    ...rejectedIn(server).map(({ message }) => `  ${visible(message)}`),
  ].join("\n");
}

function toLine({ name, effect, description, pin, withheld }: ToolLine, indent: number, width: number): string {
  const mark = pin === null ? "" : `[${pin}${withheld ? ", withheld" : ""}] `;
  const head = `  ${name.padEnd(indent)}  ${(effect ?? "").padEnd("idempotent".length)}  ${mark}`;
  return `${head}${firstLine(description, width - head.length)}`.trimEnd();
}

function pinHint(findings: readonly PinFinding[]): string {
  const count = findings.length === 1 ? "1 tool is" : `${findings.length} tools are`;
  return `${count} not as accepted: "legwork tools diff" shows how, "legwork tools accept SERVER__TOOL" accepts`;
}

/** The same as one JSON object, safe to look at on a terminal. */
export function toJson(servers: readonly ServerStatus[], notices: readonly string[]): string {
  const shown = servers.map((server) => ({
    name: server.name,
    state: server.state,
    transport: server.transport,
    from: server.from,
    problem: server.problem && toProblem(server.problem),
    /** False where the tools were never seen. */
    known: server.listing !== null,
    tools: toolLines(server).map(({ description, names, ...tool }) => ({
      ...tool,
      ...names,
      description: firstLine(description, LONGEST_DESCRIPTION),
    })),
    rejected: rejectedIn(server).map(({ code, message }) => ({ code, message })),
  }));
  return visibleJson({ servers: shown, notices });
}

function toProblem({ code, message, remedy }: ServerProblem) {
  return { code, message, ...(remedy === undefined ? {} : { remedy }) };
}

/** The listed tools in the server's order, then those that are withheld. */
function toolLines({ name: server, listing, pinFindings }: ServerStatus): readonly ToolLine[] {
  const findings = new Map(pinFindings.map((finding) => [finding.now.tool, finding]));
  const listed = (listing?.tools ?? []).map(({ name, tool, effect, description, inputSchema }) => {
    const finding = findings.get(tool);
    const shown = { name, effect, description, names: argumentNames(inputSchema) };
    return { ...shown, pin: pinOf(finding), withheld: finding?.withheld ?? false };
  });
  const names = new Set(listed.map(({ name }) => name));
  const withheld = pinFindings
    .map((finding) => ({ finding, name: qualifiedName(server, finding.now.tool) }))
    .filter(({ name }) => !names.has(name))
    .map(({ finding, name }) => ({
      name,
      effect: null, // the claim of a definition that nobody accepted is worthless
      description: "",
      names: argumentNames({}),
      pin: pinOf(finding),
      withheld: finding.withheld,
    }));
  return [...listed, ...withheld];
}

function pinOf(finding: PinFinding | undefined): ToolLine["pin"] {
  if (finding === undefined) return null;
  return finding.accepted === null ? "new" : "changed";
}

/** The rejected tools, and other problems of the listing; a withheld tool stands among the tools. */
function rejectedIn({ listing }: ServerStatus) {
  return (listing?.problems ?? []).filter(({ code }) => code !== "tool_withheld");
}
