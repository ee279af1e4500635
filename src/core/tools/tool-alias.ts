/** The names by which Claude Code and Gemini CLI know tools, so that lists written for them mean here what they mean there. */
import { starMatches } from "../../lib/star-matches.js";

const CLAUDE_PREFIX = "mcp__";
const GEMINI_PREFIX = "mcp_";
const WORKSPACE = "workspace";

/**
 * Their own file tools, as tools of the shipped workspace server that do the same.
 * Each stands for all that gives the same power: a block that left one of them open would be none.
 */
const FILE_TOOLS: ReadonlyMap<string, readonly string[]> = new Map([
  ["Read", ["read_text_file", "read_file", "read_media_file", "read_multiple_files"]],
  ["Write", ["write_file", "create_directory"]], // theirs makes the folders that it needs
  ["Edit", ["edit_file"]],
  ["MultiEdit", ["edit_file"]],
  ["LS", ["list_directory", "list_directory_with_sizes", "directory_tree"]],
  ["Glob", ["search_files"]],
  // The names that the server has too keep meaning its tools, and what only shows the same in another form.
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
const NO_AGENTS = "legwork's agents cannot start agents";
const NO_PERSON = "legwork's agents cannot ask a person";
const NO_SKILLS = "legwork's agents have no skills or commands of the host";
const NO_NOTEBOOKS = "legwork's agents have no tool of their own for notebooks";

/** Their tools that nothing here stands for, with what to know instead. */
const MISSING_TOOLS: ReadonlyMap<string, string> = new Map([
  ...named(NO_SHELL, "Bash BashOutput KillBash KillShell PowerShell Monitor run_shell_command"),
  ...named(NO_CONTENT_SEARCH, "Grep search_file_content grep_search LSP"),
  ...named(NO_WEB, "WebFetch WebSearch web_fetch google_web_search"),
  ...named(NO_LISTS, "TodoWrite TodoRead TaskCreate TaskGet TaskList TaskUpdate EnterPlanMode ExitPlanMode"),
  ...named(NO_LISTS, "write_todos save_memory enter_plan_mode exit_plan_mode"),
  ...named(NO_AGENTS, "Task Agent TaskOutput TaskStop SendMessage TeamCreate TeamDelete"),
  ...named(NO_AGENTS, "delegate_to_agent codebase_investigator"),
  ...named(NO_PERSON, "AskUserQuestion ask_user"),
  ...named(NO_SKILLS, "Skill SlashCommand activate_skill"),
  ...named(NO_NOTEBOOKS, "NotebookEdit NotebookRead"),
]);

function named(reason: string, names: string): readonly (readonly [string, string])[] {
  return names.split(" ").map((name) => [name, reason]);
}

/**
 * Whether a pattern names a tool the way another host does: `mcp__server__tool`, `mcp__server` for all of a server,
 * `mcp_server_tool`, or a file tool of theirs. Stars work in the first and the third.
 */
export function aliasMatches(pattern: string, server: string, tool: string): boolean {
  if (pattern.startsWith(CLAUDE_PREFIX))
    return pattern === CLAUDE_PREFIX + server || starMatches(pattern, `${CLAUDE_PREFIX}${server}__${tool}`);
  if (pattern.startsWith(GEMINI_PREFIX))
    return !pattern.includes("__") && starMatches(pattern, `${GEMINI_PREFIX}${server}_${tool}`);
  return server === WORKSPACE && FILE_TOOLS.get(pattern)?.includes(tool) === true;
}

/** What stands behind the `mcp__` by which Claude Code begins the names of all servers' tools; null for other patterns. */
export function withoutClaudePrefix(pattern: string): string | null {
  return pattern.startsWith(CLAUDE_PREFIX) ? pattern.slice(CLAUDE_PREFIX.length) : null;
}

/** Why a name of another host's own tools may name nothing here, or null where it is no such name. */
export function whyMissing(pattern: string): string | null {
  const tools = FILE_TOOLS.get(pattern);
  if (tools)
    return `it stands for ${tools.map((tool) => `${WORKSPACE}__${tool}`).join(", ")}, and none of these is there`;
  return MISSING_TOOLS.get(pattern) ?? null;
}
