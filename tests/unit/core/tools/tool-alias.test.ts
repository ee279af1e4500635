/** Names of tools in other hosts: legwork gives them the same meaning, and no other. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { legalServerName } from "../../../../src/config/servers/server-source.js";
import type { ToolPolicy } from "../../../../src/core/run/run.js";
import { idlePatterns } from "../../../../src/core/tools/gate.js";
import {
  type CatalogTool,
  patternFault,
  patternForbids,
  patternMatches,
  patternMayReach,
  qualifiedName,
} from "../../../../src/core/tools/tool.js";
import { mentions } from "../../../support/mentions.js";

const toolOf = (server: string, tool: string): CatalogTool => ({
  name: qualifiedName(server, tool),
  server,
  tool,
  description: "",
  inputSchema: { type: "object" },
  effect: "read_only",
});
const catalog = [
  ...shippedTools().map((tool) => toolOf("workspace", tool)),
  toolOf("github", "list_issues"),
  toolOf("github", "create_issue"),
  toolOf("git-hub", "list_issues"),
  toolOf("files", "read_file"),
  toolOf("files", "edit_file"),
];

/** The names of the tools that the shipped file server registers. */
function shippedTools(): readonly string[] {
  const file = createRequire(import.meta.url).resolve("@modelcontextprotocol/server-filesystem/package.json");
  const source = readFileSync(join(dirname(file), "dist", "index.js"), "utf8");
  return [...source.matchAll(/registerTool\("(\w+)"/g)].map(([, name = ""]) => name);
}

const granted = (pattern: string) => catalog.filter((tool) => patternMatches(pattern, tool)).map(({ name }) => name);
const forbidden = (pattern: string) => catalog.filter((tool) => patternForbids(pattern, tool)).map(({ name }) => name);
const ofWorkspace = (...tools: string[]) => tools.map((tool) => `workspace__${tool}`);
const all = catalog.map(({ name }) => name);
const ofGithub = ["github__list_issues", "github__create_issue"];

describe("a name of another host", () => {
  it.each([
    ["mcp__github__list_issues", ["github__list_issues"]],
    ["mcp__github", ofGithub],
    ["mcp__github__*", ofGithub],
    ["mcp__git*", [...ofGithub, "git-hub__list_issues"]],
    ["mcp__*__list_issues", ["github__list_issues", "git-hub__list_issues"]],
    ["mcp__*", all],
    ["mcp__gith", []],
    ["mcp_github_list_issues", ["github__list_issues"]],
    ["mcp_github_*", ofGithub],
    ["mcp_github", []],
    ["mcp_git-hub_list_issues", ["git-hub__list_issues"]],
    ["github__list_issues", ["github__list_issues"]],
    ["Read", ofWorkspace("read_file", "read_text_file", "read_media_file", "read_multiple_files")],
    ["Write", ofWorkspace("write_file", "create_directory")],
    ["Edit", ofWorkspace("edit_file")],
    ["MultiEdit", ofWorkspace("edit_file")],
    ["LS", ofWorkspace("list_directory", "list_directory_with_sizes", "directory_tree")],
    ["Glob", ofWorkspace("search_files")],
    ["read_file", [...ofWorkspace("read_file", "read_text_file", "read_media_file"), "files__read_file"]],
    ["write_file", ofWorkspace("write_file")],
    ["replace", ofWorkspace("edit_file")],
    ["list_directory", ofWorkspace("list_directory", "list_directory_with_sizes")],
    ["glob", ofWorkspace("search_files")],
    ["read_many_files", ofWorkspace("read_multiple_files")],
    ["workspace__read_file", ofWorkspace("read_file")], // a qualified name means this tool alone
  ])("%s matches its tools, in grants and in blocks", (pattern, names) => {
    expect(patternFault(pattern)).toBeNull();
    expect(granted(pattern)).toEqual(names);
    expect(forbidden(pattern)).toEqual(names);
    for (const tool of catalog)
      if (names.includes(tool.name)) expect(patternMayReach(pattern, tool.server), tool.name).toBe(true);
  });

  it("may match tools only of the server that it names", () => {
    expect(patternMayReach("mcp__github__list_issues", "git-hub")).toBe(false);
    expect(patternMayReach("mcp__github", "git-hub")).toBe(false);
    expect(patternMayReach("mcp__github__*", "workspace")).toBe(false);
    expect(patternMayReach("mcp__git*", "git-hub")).toBe(true);
  });

  it("still matches the tool with that name on any server", () => {
    expect(patternMatches("Read", toolOf("other", "Read"))).toBe(true);
    expect(patternMatches("Bash", toolOf("shell", "Bash"))).toBe(true);
    expect(patternMatches("mcp_helper", toolOf("other", "mcp_helper"))).toBe(true);
    expect(patternMatches("mcp__list", toolOf("mcp", "list"))).toBe(true);
  });

  it("blocks a tool with a changed name by the name that the other host gives it", () => {
    const odd = toolOf("s", "get.issue/all");
    for (const pattern of ["mcp__s__get_issue_all", "mcp_s_get_issue_all", "mcp__s"])
      expect(patternForbids(pattern, odd), pattern).toBe(true);
    expect(patternMatches("mcp__s__get_issue_all", odd)).toBe(true);
    expect(patternMatches("s__get_issue_all", odd)).toBe(false); // that is no name of ours
  });

  it.each([
    ["My Server", "append", "mcp__My_Server__append", "mcp_My_Server_append"],
    ["my__srv", "append", "mcp__my__srv__append", "mcp_my__srv_append"],
    ["my.server", "add.line", "mcp__my_server__add_line", "mcp_my_server_add_line"],
    ["@acme/files", "read", "mcp___acme_files__read", "mcp__acme_files_read"],
    ["claude.ai Slack", "send", "mcp__claude_ai_Slack__send", "mcp_claude_ai_Slack_send"],
    ["server_", "x", "mcp__server___x", "mcp_server__x"],
    ["Ünï", "x", "mcp___n___x", "mcp__n__x"],
    ["workspace", "write_file", "mcp__workspace__write_file", "mcp_workspace_write_file"],
  ])("is that of a server called %j in its file, for its tool %s", (written, tool, claude, gemini) => {
    const server = legalServerName(written);
    const named: CatalogTool = { ...toolOf(server, tool), writtenServer: written };
    const ofServer = claude.slice(0, -tool.length - 2);
    for (const pattern of [claude, ofServer, `${ofServer}__*`]) {
      expect(patternMatches(pattern, named), pattern).toBe(true);
      expect(patternForbids(pattern, named), pattern).toBe(true);
      expect(patternMayReach(pattern, server, written), pattern).toBe(true);
    }
    expect(patternForbids(gemini, named)).toBe(true);
    if (gemini.startsWith("mcp__")) return; // Gemini CLI's name reads like one of Claude Code: it only blocks
    expect(patternMatches(gemini, named)).toBe(true);
    expect(patternMayReach(gemini, server, written)).toBe(true);
  });

  it("is one of which Gemini CLI has cut out the middle", () => {
    const [server, own] = ["a-server-with-quite-a-long-name", "and_a_tool_whose_name_is_no_shorter_than_that"];
    const whole = `mcp_${server}_${own}`;
    const named = toolOf(server, own);
    for (const cut of [`${whole.slice(0, 28)}___${whole.slice(-32)}`, `${whole.slice(0, 30)}___${whole.slice(-30)}`]) {
      expect(patternMatches(cut, named), cut).toBe(true);
      expect(patternForbids(cut, named), cut).toBe(true);
      expect(patternMayReach(cut, server), cut).toBe(true);
      expect(patternMatches(cut, toolOf(server, `${own}s`)), cut).toBe(false);
    }
  });

  it("grants nothing for the name of a file tool in other case, in part, or with a star", () => {
    for (const pattern of ["read", "READ", "Rea*", "Read*", "L*", "*dit"])
      expect(granted(pattern), pattern).toEqual([]);
  });
});

const letters = (alphabet: string, maxLength: number) =>
  fc.array(fc.constantFrom(...alphabet), { minLength: 1, maxLength }).map((parts) => parts.join(""));
const server = letters("ab_-", 4).filter((name) => /^[ab]/.test(name) && !name.includes("__") && !name.endsWith("_"));
const tool = letters("ab_", 5);

describe("any name of another host", () => {
  it("matches the tool it was made from, and only tools with the same name in the other host", () => {
    fc.assert(
      fc.property(server, tool, server, tool, (of, name, otherOf, otherName) => {
        const [one, other] = [toolOf(of, name), toolOf(otherOf, otherName)];
        const claude = `mcp__${of}__${name}`;
        const gemini = `mcp_${of}_${name}`;
        expect(patternMatches(claude, one)).toBe(true);
        expect(patternMatches(`mcp__${of}`, one)).toBe(true);
        expect(patternMatches(claude, other)).toBe(one.name === other.name);
        expect(patternMatches(`mcp__${of}`, other)).toBe(of === otherOf);
        const same = !gemini.includes("__") && gemini === `mcp_${otherOf}_${otherName}`;
        expect(patternMatches(gemini, other)).toBe(same);
      }),
      { numRuns: 3_000 },
    );
  });

  it("may match tools of every server on which it matches one", () => {
    const pattern = letters("ab*_", 8).chain((rest) => fc.constantFrom(`mcp__${rest}`, `mcp_${rest}`));
    fc.assert(
      fc.property(pattern, server, tool, (given, of, name) => {
        if (patternMatches(given, toolOf(of, name))) expect(patternMayReach(given, of)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("a name without a counterpart", () => {
  const policyOf = (...patterns: string[]): ToolPolicy => ({
    allow: [{ patterns: [], from: "the call" }],
    block: [{ patterns, from: "the file" }],
  });

  it.each([
    ["Bash", "shell"],
    ["run_shell_command", "shell"],
    ["Grep", "searches"],
    ["search_file_content", "searches"],
    ["WebFetch", "web"],
    ["google_web_search", "web"],
    ["TodoWrite", "lists"],
    ["Task", "agents"],
  ])("is allowed, and the warning about %s gives the reason", (pattern, word) => {
    expect(patternFault(pattern)).toBeNull();
    expect(granted(pattern)).toEqual([]);
    expect(idlePatterns(policyOf(pattern), catalog, { canSpawn: false, awaited: [] })).toEqual([
      expect.stringMatching(mentions(`"${pattern}"`, "blocked_tools", "the file", word)),
    ]);
  });

  it("leads to a warning that names its workspace tools where the file server is missing", () => {
    expect(idlePatterns(policyOf("Edit", "Glob"), [toolOf("other", "x")], { canSpawn: false, awaited: [] })).toEqual([
      expect.stringMatching(mentions('"Edit"', "blocked_tools", "the file", "workspace__edit_file")),
      expect.stringMatching(mentions('"Glob"', "blocked_tools", "the file", "workspace__search_files")),
    ]);
  });

  it.each([
    ["Bash(git:*)", "Bash"],
    ["Read(src/**)", "Read"],
    ["mcp__github__list(a)", "mcp__github__list"],
    ["Bash(\n)", "Bash"],
    ["Task()", "Task"],
  ])("%j is refused because patterns cannot limit arguments", (pattern, name) => {
    expect(patternFault(pattern)).toMatch(mentions(`"${pattern}"`, `"${name}"`, "arguments"));
  });
});
