/** Finds rules and transitions that look as if they held, and that an agent gets round. */
import type { CatalogTool } from "../../core/tools/tool.js";
import type { CallQuestions, ConditionReader } from "../../core/workflow/condition.js";
import { isPathName } from "../../core/workflow/path-like.js";
import type { Rule, Step, Workflow } from "../../core/workflow/workflow.js";
import { type Finding, finding, isAllowed } from "./finding.js";
import type { Reference } from "./walk-workflow.js";

const FILE_SERVER = "workspace";

/** Traps in the conditions by themselves. */
export function trapsInConditions(references: readonly Reference[], conditions: ConditionReader): readonly Finding[] {
  return references.flatMap((reference) => {
    if (reference.kind !== "condition") return [];
    const asks = questionsOf(reference.text, conditions);
    if (asks === null) return [];
    const spelled = asks.spelledArgs.map((name) =>
      finding(
        reference.where,
        `args.${name} is compared as the agent spells it, and ./x, a/../x and links are other texts for the same file: compare path(args.${name})`,
      ),
    );
    const impossible = asks.impossiblePaths.map((text) =>
      finding(
        reference.where,
        `path() gives no path with "${text}": it begins at the project, has one "/" between names, and none of them is "." or ".."`,
      ),
    );
    const found = [...spelled, ...impossible];
    if (reference.role !== "transition" || !asks.tool) return found;
    const missed = finding(
      reference.where,
      "tool is only the call that has just ended, so another call, or an exit condition that does not hold yet, keeps the agent in the step: ask tool_succeeded_in_step(…) or a counter",
    );
    return [...found, missed];
  });
}

/** The shipped file server's tools that change files, for a check before it has run. */
const FILE_TOOLS: readonly CatalogTool[] = (
  [
    ["write_file", ["path"]],
    ["edit_file", ["path"]],
    ["move_file", ["source", "destination"]],
  ] as const
).map(([tool, args]) => ({
  name: `${FILE_SERVER}__${tool}`,
  server: FILE_SERVER,
  tool,
  description: "",
  inputSchema: { properties: Object.fromEntries(args.map((name) => [name, {}])) },
  effect: "effectful",
}));

/** Tools that move files past a rule about the paths of other tools of their server. */
export function unruledMoves(
  { steps }: Workflow,
  known: readonly CatalogTool[],
  unseen: readonly string[],
  conditions: ConditionReader,
): readonly Finding[] {
  const catalog = unseen.includes(FILE_SERVER) ? [...known, ...FILE_TOOLS] : known;
  return steps.flatMap((step) => {
    const guards = guardsIn(step, conditions);
    if (guards.length === 0) return [];
    const moves = catalog.filter((tool) => isMove(tool) && isAllowed(step, tool));
    return moves.flatMap((move) => {
      const seeing = guards.filter((guard) => rules(guard, move));
      if (seeing.some((guard) => !seesOnlyFiles(guard, move))) return [];
      const [blind = guards.find((guard) => isAbout(guard, move, catalog))] = seeing;
      if (blind === undefined) return [];
      const what =
        seeing.length === 0
          ? `does not see ${move.name}, which can put a file in the place of another`
          : `does not see what lies in a folder that ${move.name} moves`;
      const message = `rule "${blind.name}" ${what}: add "${move.name}" to the blocked_tools of this step`;
      return [finding(["steps", step.name, "rules", blind.index], message)];
    });
  });
}

/** A rule that holds calls back by the paths in their arguments; where it asks nothing, it holds for every call. */
interface Guard {
  readonly name: string;
  readonly index: number;
  readonly asks: CallQuestions | null;
}

function guardsIn({ rules }: Step, conditions: ConditionReader): readonly Guard[] {
  return rules.flatMap((rule: Rule, index) => {
    if (rule.action !== "block" && rule.action !== "require_approval") return [];
    return [{ name: rule.name, index, asks: rule.when === null ? null : questionsOf(rule.when, conditions) }];
  });
}

function questionsOf(condition: string, conditions: ConditionReader): CallQuestions | null {
  const compiled = conditions.compile(condition);
  return compiled.kind === "fault" ? null : compiled.asks;
}

/** Whether a guard holds, or may hold, for calls of a tool. */
function rules({ asks }: Guard, tool: CatalogTool): boolean {
  if (asks === null) return true;
  if (asks.tool) return asks.texts.includes(tool.name) || asks.texts.includes(tool.tool);
  const own = pathArguments(tool);
  return asks.args.some((name) => own.includes(name));
}

/** Whether a guard, which holds for calls of a tool, looks at their paths so that a folder above such a path passes. */
function seesOnlyFiles({ asks }: Guard, tool: CatalogTool): boolean {
  return asks?.missesFolders === true && asks.args.some((name) => pathArguments(tool).includes(name));
}

/** Whether a guard is about paths of tools that the server of a tool has. */
function isAbout({ asks }: Guard, { server }: CatalogTool, catalog: readonly CatalogTool[]): boolean {
  const args = (asks?.args ?? []).filter(isPathName);
  if (asks === null || args.length === 0) return false;
  return catalog.some(
    (tool) =>
      tool.server === server &&
      tool.effect !== "read_only" &&
      (!asks.tool || asks.texts.some((text) => text === tool.name || text === tool.tool)) &&
      pathArguments(tool).some((name) => args.includes(name)),
  );
}

const MOVING = /(^|_|-)(move|rename|copy|mv|cp|link|symlink|swap|restore)(_|-|$)/i;
const FROM_AND_TO = /^(from|to|old|new|source|src|destination|dest|dst|target)/i;

function isMove(tool: CatalogTool): boolean {
  if (tool.effect === "read_only") return false;
  const snake = tool.tool.replace(/([a-z])([A-Z])/g, "$1_$2");
  return MOVING.test(snake) || argumentsOf(tool).filter((name) => FROM_AND_TO.test(name)).length > 1;
}

function pathArguments(tool: CatalogTool): readonly string[] {
  return argumentsOf(tool).filter((name) => isPathName(name) || FROM_AND_TO.test(name));
}

function argumentsOf({ inputSchema }: CatalogTool): readonly string[] {
  const { properties } = inputSchema as { readonly properties?: unknown };
  return typeof properties === "object" && properties !== null ? Object.keys(properties) : [];
}
