/** Names of tools in Claude Code and Gemini CLI, so that tool lists written for them have the same meaning in legwork. */
import { starMatches } from "../../lib/star-matches.js";

const CLAUDE_PREFIX = "mcp__";
const GEMINI_PREFIX = "mcp_";
/** The shipped server over the files of the project. */
export const WORKSPACE = "workspace";

/**
 * The hosts' own file tools, with the tools of the shipped workspace server that do the same.
 * Each name stands for every tool with the same power: a block that left one of them open would block nothing.
 */
const FILE_TOOLS: ReadonlyMap<string, readonly string[]> = new Map([
  ["Read", ["read_text_file", "read_file", "read_media_file", "read_multiple_files"]],
  ["Write", ["write_file", "create_directory"]], // the tool of the host creates missing folders
  ["Edit", ["edit_file"]],
  ["MultiEdit", ["edit_file"]],
  ["LS", ["list_directory", "list_directory_with_sizes", "directory_tree"]],
  ["Glob", ["search_files"]],
  // A name that the server has too still means its tool, and the tools that show the same in another form.
  ["read_file", ["read_file", "read_text_file", "read_media_file"]],
  ["list_directory", ["list_directory", "list_directory_with_sizes"]],
  ["read_many_files", ["read_multiple_files"]],
  ["replace", ["edit_file"]],
  ["glob", ["search_files"]],
]);

const NO_SHELL = "legwork's agents have no shell";
const NO_CONTENT_SEARCH = "legwork's agents have no tool of their own that searches inside files";
const NO_WEB = "legwork's agents have no access to the web of their own";
const NO_LISTS = "legwork's agents keep no lists, plans or memories";
const NO_AGENTS = "this run may start no agents: max_depth is too low for it";
const NO_PERSON = "every agent of legwork has ask for this";
const NO_TEAMS = "legwork's agents form no teams";
const NO_SKILLS = "legwork's agents have no skills or commands of the host";
const NO_NOTEBOOKS = "legwork's agents have no tool of their own for notebooks";

/** Tools of the hosts without a counterpart in legwork, with the reason. */
const MISSING_TOOLS: ReadonlyMap<string, string> = new Map([
  ...named(NO_SHELL, "Bash BashOutput KillBash KillShell PowerShell Monitor run_shell_command"),
  ...named(NO_CONTENT_SEARCH, "Grep search_file_content grep_search LSP"),
  ...named(NO_WEB, "WebFetch WebSearch web_fetch google_web_search"),
  ...named(NO_LISTS, "TodoWrite TodoRead TaskCreate TaskGet TaskList TaskUpdate EnterPlanMode ExitPlanMode"),
  ...named(NO_LISTS, "write_todos save_memory enter_plan_mode exit_plan_mode"),
  ...named(NO_AGENTS, "Task Agent TaskOutput TaskStop delegate_to_agent codebase_investigator"),
  ...named(NO_TEAMS, "SendMessage TeamCreate TeamDelete"),
  ...named(NO_PERSON, "AskUserQuestion ask_user"),
  ...named(NO_SKILLS, "Skill SlashCommand activate_skill"),
  ...named(NO_NOTEBOOKS, "NotebookEdit NotebookRead"),
]);

function named(reason: string, names: string): readonly (readonly [string, string])[] {
  return names.split(" ").map((name) => [name, reason]);
}

/**
 * Whether a pattern names a tool as another host does: `mcp__server__tool`, `mcp__server` for all tools of a server,
 * `mcp_server_tool`, or a file tool of the host. The first and the third form may contain stars.
 */
export function aliasMatches(pattern: string, server: string, tool: string): boolean {
  if (pattern.startsWith(CLAUDE_PREFIX))
    return pattern === CLAUDE_PREFIX + server || starMatches(pattern, `${CLAUDE_PREFIX}${server}__${tool}`);
  if (pattern.startsWith(GEMINI_PREFIX))
    return !pattern.includes("__") && starMatches(pattern, `${GEMINI_PREFIX}${server}_${tool}`);
  return server === WORKSPACE && FILE_TOOLS.get(pattern)?.includes(tool) === true;
}

/** The pattern without `mcp__`, the prefix of Claude Code for tools of servers; null for patterns without it. */
export function withoutClaudePrefix(pattern: string): string | null {
  return pattern.startsWith(CLAUDE_PREFIX) ? pattern.slice(CLAUDE_PREFIX.length) : null;
}

/** Whether a run has a tool of legwork itself for what a host's own tool does: every run can ask, some can start agents. */
export function hasOwnTool(pattern: string, canSpawn: boolean): boolean {
  const reason = MISSING_TOOLS.get(pattern);
  return reason === NO_PERSON || (canSpawn && reason === NO_AGENTS);
}

/** Why the name of another host's own tool matches no tool here; null for other names. */
export function whyMissing(pattern: string): string | null {
  const tools = FILE_TOOLS.get(pattern);
  if (tools)
    return `it stands for ${tools.map((tool) => `${WORKSPACE}__${tool}`).join(", ")}, and none of these is there`;
  return MISSING_TOOLS.get(pattern) ?? null;
}
