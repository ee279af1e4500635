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
const NO_RESOURCES = "legwork's agents see the tools of servers, not their resources";
const OF_THE_HOST = "it belongs to the host, and legwork's agents have nothing like it";

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
  ...named(NO_RESOURCES, "ListMcpResources ListMcpResourcesTool ReadMcpResource ReadMcpResourceTool"),
  ...named(NO_RESOURCES, "list_mcp_resources read_mcp_resource"),
  ...named(
    OF_THE_HOST,
    "EnterWorktree ExitWorktree CronCreate CronDelete CronList ScheduleWakeup RemoteTrigger Workflow",
  ),
  ...named(
    OF_THE_HOST,
    "PushNotification SendUserMessage StructuredOutput ToolSearch REPL Sleep Config Brief mcp__ide",
  ),
  ...named(OF_THE_HOST, "mcp__ide__getDiagnostics mcp__ide__executeCode get_internal_docs complete_task"),
]);

function named(reason: string, names: string): readonly (readonly [string, string])[] {
  return names.split(" ").map((name) => [name, reason]);
}

/** A tool with the names that it and its server have here and in the files and lists of others. */
export interface AliasSubject {
  readonly server: string;
  /** The name of the server in the file that defines it. */
  readonly writtenServer: string;
  /** The name of the tool here, without its server. */
  readonly tool: string;
  /** The name of the tool at its server. */
  readonly ownTool: string;
}

/**
 * Whether a pattern names a tool as another host does: `mcp__server__tool`, `mcp__server` for all tools of a server,
 * `mcp_server_tool`, or a file tool of the host. The first and the third form may contain stars.
 */
export function aliasMatches(pattern: string, subject: AliasSubject): boolean {
  const { server, tool } = subject;
  if (pattern.startsWith(CLAUDE_PREFIX)) return claudeMatches(pattern, subject);
  if (pattern.startsWith(GEMINI_PREFIX))
    return geminiNames(subject).some(
      ({ name, isPlain }) => !(isPlain && pattern.includes("__")) && starMatches(pattern, name),
    );
  return server === WORKSPACE && FILE_TOOLS.get(pattern)?.includes(tool) === true;
}

/** Whether a pattern is any spelling of a tool that any version of a host has used: a block must not miss one. */
export function anySpellingMatches(pattern: string, subject: AliasSubject): boolean {
  if (geminiNames(subject).some(({ name }) => starMatches(pattern, name))) return true;
  const tool = spelled(subject.ownTool);
  return serversOf(subject).some((server) => starMatches(pattern, `${server}__${tool}`));
}

/** The beginning of the names of all tools of a server in Claude Code; `server` is its name here or in its file. */
export function claudeServerNames(server: string, writtenServer: string): readonly string[] {
  return serversOf({ server, writtenServer }).map((name) => CLAUDE_PREFIX + name);
}

/** The name of a tool in Claude Code. */
export function claudeName({ server, writtenServer = server, tool }: ToolOfServer): string {
  return `${CLAUDE_PREFIX}${spelled(writtenServer)}__${spelled(tool)}`;
}

interface ToolOfServer {
  readonly server: string;
  readonly writtenServer?: string;
  readonly tool: string;
}

/** The beginning of the names of all tools of a server in Gemini CLI. */
export function geminiServerNames(server: string, writtenServer: string): readonly string[] {
  return serversOf({ server, writtenServer }).map((name) => `${GEMINI_PREFIX}${name}_`);
}

function claudeMatches(pattern: string, subject: AliasSubject): boolean {
  const tools = [subject.tool, spelled(subject.ownTool)];
  return claudeServerNames(subject.server, subject.writtenServer).some(
    (server) => pattern === server || tools.some((tool) => starMatches(pattern, `${server}__${tool}`)),
  );
}

/** The names that Gemini CLI gives a tool; plain ones are made of our own names alone. */
function geminiNames(subject: AliasSubject): readonly { readonly name: string; readonly isPlain: boolean }[] {
  const tools = new Set([subject.tool, spelled(subject.ownTool)]);
  return geminiServerNames(subject.server, subject.writtenServer).flatMap((server) =>
    [...tools].flatMap((tool) => {
      const whole = server + tool;
      const isPlain = server === `${GEMINI_PREFIX}${subject.server}_`;
      return [{ name: whole, isPlain }, ...cutNames(whole).map((name) => ({ name, isPlain: false }))];
    }),
  );
}

const LONGEST_GEMINI_NAME = 63;
/** The characters that versions of Gemini CLI keep before and behind the three that stand for the middle of a long name. */
const GEMINI_CUTS = [
  [28, 32],
  [30, 30],
] as const;

function cutNames(name: string): readonly string[] {
  if (name.length <= LONGEST_GEMINI_NAME) return [];
  return GEMINI_CUTS.map(([head, tail]) => `${name.slice(0, head)}___${name.slice(-tail)}`);
}

/** The names of a server in patterns: its name here, and the spelling that hosts make of the name in its file. */
function serversOf({ server, writtenServer }: Pick<AliasSubject, "server" | "writtenServer">): readonly string[] {
  if (server === writtenServer) return [server];
  const whole = spelled(writtenServer);
  return [...new Set([server, whole, ...(writtenServer.startsWith(CONNECTOR) ? [withoutDoubles(whole)] : [])])];
}

const CONNECTOR = "claude.ai "; // before the names of servers that come with an account

function withoutDoubles(name: string): string {
  return name.replace(/_+/g, "_").replace(/^_|_$/g, "");
}

/** The name with "_" for each character that hosts do not allow in names of tools. */
export function spelled(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, "_");
}

/** Why legwork has nothing like this tool of another host; null for other names. */
export function whyAbsent(pattern: string): string | null {
  return MISSING_TOOLS.get(pattern) ?? null;
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
  return whyAbsent(pattern);
}
