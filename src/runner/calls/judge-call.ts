/** The gate at the call: refuses a tool outside the tool set, arguments that do not fit its schema, and calls that a rule blocks. */
import { parseSource } from "../../core/run/context-source.js";
import { canSpawn } from "../../core/run/limits.js";
import type { ToolCall } from "../../core/run/message.js";
import { judgeTool } from "../../core/tools/gate.js";
import { type CatalogTool, READ_RESULT, SPAWN_AGENT } from "../../core/tools/tool.js";
import { judgeRules, type Passed, type Refused } from "../../core/workflow/judge-rules.js";
import { didYouMean } from "../../lib/nearest.js";
import type { CallDeps, TurnContext } from "../state/turn-context.js";
import { readResultTool } from "../tools/built-in-tools.js";
import { childTool } from "../tools/child-tools.js";
import { absenceOf, type ToolSet } from "../tools/tool-set.js";

const READ_FILE = "workspace__read_text_file"; // of the shipped server over the project's files

type CallVerdict = Refused | PassedCall;

interface PassedCall extends Passed {
  /** The tool as its server declares it now; null for a tool of legwork itself. */
  readonly tool: CatalogTool | null;
}

export async function judgeCall(call: ToolCall, context: TurnContext, deps: CallDeps): Promise<CallVerdict> {
  const { name } = call;
  const { toolSet } = context;
  if (name === READ_RESULT) return verdictOf(await misfitOf(call, readResultTool.inputSchema, deps));
  const own = childTool(name);
  if (own) return verdictOf(await whyNoChildCall(call, own.inputSchema, context, deps));
  const shown = toolSet.allowed.get(name);
  if (!shown) return refused(forbidden(name, whyNotInToolSet(name, toolSet)));
  const current = deps.downstream.current(shown);
  if (current.kind === "gone") return refused(forbidden(name, current.reason));
  const { tool } = current;
  // Its server may have declared the tool anew since the turn began.
  const verdict = judgeTool(toolSet.policy, tool);
  if (!verdict.allowed) return refused(forbidden(name, verdict.rule));
  const misfit = await misfitOf(call, tool.inputSchema, deps);
  if (misfit !== null) return refused(misfit);
  return judgeByRules(call, tool, context);
}

function refused(reason: string): CallVerdict {
  return { kind: "refused", reason, failures: [] };
}

/** The verdict on a tool of legwork itself, which no rule of a step judges. */
function verdictOf(refusal: string | null): CallVerdict {
  return refusal === null ? passed(null) : refused(refusal);
}

function passed(tool: CatalogTool | null): PassedCall {
  return { kind: "passed", tool, approval: null, warnings: [], failures: [] };
}

async function whyNoChildCall(
  call: ToolCall,
  schema: object,
  context: TurnContext,
  deps: CallDeps,
): Promise<string | null> {
  if (!canSpawn(context.run.depth, context.request.limits)) return tooDeep(call.name, context);
  return (await misfitOf(call, schema, deps)) ?? (await whyNotRead(call, context, deps));
}

/** An agent may pass to a child only files that it may read itself. */
async function whyNotRead(call: ToolCall, context: TurnContext, deps: CallDeps): Promise<string | null> {
  for (const path of filesIn(call)) {
    const why = whyNotAtOnce(await judgeCall({ id: null, name: READ_FILE, arguments: { path } }, context, deps));
    if (why !== null) return forbidden(call.name, `context "file:${path}" is for agents that may read it: ${why}`);
  }
  return null;
}

function whyNotAtOnce(verdict: CallVerdict): string | null {
  if (verdict.kind === "refused") return verdict.reason;
  return verdict.approval === null ? null : `${READ_FILE} has to be approved: ${verdict.approval}`;
}

function filesIn({ name, arguments: { context } }: ToolCall): readonly string[] {
  if (name !== SPAWN_AGENT || !Array.isArray(context)) return [];
  return context.flatMap((named) => {
    const source = parseSource(String(named));
    return source.kind === "file" ? [source.path] : [];
  });
}

function tooDeep(name: string, { run }: TurnContext): string {
  return forbidden(name, `max_depth is ${run.request.limits.maxDepth}, and you are at depth ${run.depth}`);
}

function forbidden(name: string, rule: string): string {
  return `${name} is not allowed: ${rule}`;
}

function whyNotInToolSet(name: string, toolSet: ToolSet): string {
  const known = toolSet.catalog.find((tool) => tool.name === name);
  if (known) return judgeTool(toolSet.policy, known).rule;
  return absenceOf(name, toolSet) ?? `there is no such tool${didYouMean(name, toolSet.allowed.keys())}`;
}

async function misfitOf(call: ToolCall, schema: object, { schemas }: CallDeps): Promise<string | null> {
  const misfit = await schemas.checkArguments(schema, call.arguments);
  return misfit === null ? null : `${call.name} was not called: ${misfit}`;
}

function judgeByRules(call: ToolCall, tool: CatalogTool, { request, state, engineContext }: TurnContext): CallVerdict {
  if (request.workflow === null || state.workflow === null) return passed(tool);
  const { name, server } = tool;
  const about = { tool: name, server, args: call.arguments };
  const verdict = judgeRules(request.workflow, state.workflow, about, engineContext);
  return verdict.kind === "refused" ? { ...verdict, reason: forbidden(name, verdict.reason) } : { ...verdict, tool };
}
