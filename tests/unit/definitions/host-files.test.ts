/** Agent files of other hosts as people write them: what their host reads is read here too, and no block is lost. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AgentDefinition } from "../../../src/core/definitions/agent.js";
import { ConfigError } from "../../../src/core/errors.js";
import { readClaudeAgent } from "../../../src/definitions/hosts/claude-agent.js";
import { readGeminiAgent } from "../../../src/definitions/hosts/gemini-agent.js";
import { readHostMarkdown } from "../../../src/definitions/hosts/host-markdown.js";
import { mentions } from "../../support/mentions.js";

function markdownOf(text: string) {
  return readHostMarkdown(new TextEncoder().encode(text), "/agents/a.md");
}

function claude(text: string): AgentDefinition {
  const markdown = markdownOf(text);
  if (markdown === null) throw new Error("it is no agent");
  return readClaudeAgent(markdown, "user");
}

/** Null, for no list at all, would be every tool of the configuration. */
function toolsIn(text: string): readonly string[] {
  return claude(text).tools ?? ["no list"];
}

const file = (...lines: readonly string[]) => ["---", ...lines, "---", "", "Do it.", ""].join("\n");
const READ_ONLY = { name: "a", tools: ["Read", "Grep"], blockedTools: ["Write", "Edit"], prompt: "Do it." };
const LISTS = ["tools: Read, Grep", "disallowedTools: Write, Edit"];

describe("a one-line value that YAML refuses", () => {
  const values = [
    "Use this: when tests fail",
    'Examples: <example>user: "x" assistant: "y"</example>',
    "*careful* with this",
    "@reviewer, please look",
    "`lint` first",
    "%s of the time",
    '"quoted" and then: not',
    "'it's fine'",
    "[draft] does things: fast",
    "{curly} start: yes",
    "!important: read",
    "& more: things",
    "- a dash: first",
    "| a bar: first",
    '"no end',
    "tabs\there: too",
  ];
  const lists: Readonly<Record<string, readonly string[]>> = {
    "one line": LISTS,
    "flow lists": ["tools: [Read, Grep]", 'disallowedTools: ["Write", "Edit"]'],
    "block lists": ["tools:", "  - Read", "  - Grep", "disallowedTools:", "- Write", "- Edit"],
    "block lists with tabs": ["tools:", "\t- Read", "\t- Grep", "disallowedTools:", "\t- Write", "\t- Edit"],
    "lists without an end": ["tools: [Read, Grep", 'disallowedTools: ["Write", "Edit"'],
    "quoted names": ['tools: "Read", "Grep"', "disallowedTools: 'Write', 'Edit'"],
    "lists over two lines": ["tools: Read,", "  Grep", "disallowedTools: Write,", "Edit"],
    "lists with hooks and skills below": [
      ...LISTS,
      "hooks:",
      "  PreToolUse:",
      '    - matcher: "Bash"',
      "skills:",
      "  - one",
    ],
  };
  const cases = values.flatMap((value) => Object.keys(lists).map((form) => [value, form] as const));

  it.each(cases)("%j costs neither tools nor blocks as %s", (value, form) => {
    const definition = claude(file("name: a", `description: ${value}`, ...(lists[form] ?? []), "model: sonnet"));
    expect(definition).toMatchObject(READ_ONLY);
    expect(definition.description).toBe(/^(["'])(.*)\1$/.exec(value)?.[2] ?? value);
    expect(definition.notes).toContainEqual(expect.stringMatching(mentions("YAML")));
  });
});

describe("the form of a file", () => {
  const plain = file("name: a", ...LISTS);
  it.each([
    ["lines of Windows", plain.replaceAll("\n", "\r\n")],
    ["lines of an old Mac", plain.replaceAll("\n", "\r")],
    ["a byte order mark", `\uFEFF${plain}`],
    ["blanks behind the dashes", plain.replaceAll("---", "---  \t")],
    ["longer closing dashes", plain.replace("---\n\nDo", "-----\n\nDo")],
    [
      "comments and empty lines",
      file("# mine", "name: a # short", "", ...LISTS.map((line) => `${line} # why`), "# end"),
    ],
    ["tabs behind the colons", file("name:\ta", ...LISTS.map((line) => line.replace(": ", ":\t")))],
    ["quoted keys", file('"name": a', ...LISTS.map((line) => line.replace(/^(\w+)/, '"$1"')))],
    ["a margin", file(" name: a", ...LISTS.map((line) => ` ${line}`), " description: x: y")],
    ["names with blanks between them", file("name: a", "tools: Read Grep", "disallowedTools: Write Edit")],
    [
      "a text of several lines",
      file("name: a", "tools: |", "  Read", "  Grep", "disallowedTools: >", "  Write,", "  Edit"),
    ],
    ["a folded description", file("name: a", "description: >", "  One: two", "  three", ...LISTS)],
    ["a description with unindented lines", file("name: a", "description: One: two", "and more", ...LISTS)],
  ])("may have %s", (_, text) => {
    expect(claude(text)).toMatchObject(READ_ONLY);
  });

  it("keeps a line of dashes in the text", () => {
    expect(claude(`${plain}\n---\n\nMore.\n\n----\n`).prompt).toBe("Do it.\n\n---\n\nMore.\n\n----");
  });

  it("breaks the lines of a description that are written as two signs", () => {
    expect(claude(file("name: a", "description: One\\n\\nTwo: three")).description).toBe("One\n\nTwo: three");
  });

  it.each(["# Notes", "", "\n---\nname: a\n---\n", "--- \tname: a", "text\n---\nname: a\n---\n"])(
    "%j is no agent",
    (text) => {
      expect(markdownOf(text)).toBeNull();
    },
  );

  it("without closing dashes is refused", () => {
    expect(() => claude("---\nname: a\ndisallowedTools: Write\n")).toThrow(ConfigError);
  });
});

describe("lists of tools", () => {
  const toolsOf = (...lines: readonly string[]) => claude(file("name: a", ...lines));

  it.each<[string, readonly string[] | null]>([
    ["tools: Read, Grep, mcp__x__y", ["Read", "Grep", "mcp__x__y"]],
    ['tools: "*"', ["*"]],
    ["tools: *", ["*"]],
    ["tools: [Read, Bash(git diff:*)]", ["Read"]],
    ["tools: Read, Bash(git add, git commit), Task", ["Read", "Task"]],
    ["tools: Bash(git:*)Write", ["Write"]],
    ["tools:", []],
    ['tools: ""', []],
    ["tools: []", []],
    ["tools: {Write: false}", []],
    ["tools: Read\nWrite carefully: yes", ["Read"]],
    ["tools: mcp__my.server__do", ["mcp__my_server__do"]],
    ["tools: Read\ntools: Write", ["Write"]],
    ["color: red", null],
    ["tools:\n  * Read", ["Read"]],
    ["tools:\n* Read\n* Write", ["Read", "Write"]],
    ["tools:\n  * Read\n  *", ["Read"]],
    ["tools:\n  - * Read", ["Read"]],
    ["tools:\n  - Read\n  - *", ["Read", "*"]],
    ["tools: [*]", ["*"]],
    ['tools:\n  - "*"\n  - Read', ["*", "Read"]],
    ["tools: Read, *", ["Read"]],
    ["tools: * * *", []],
    ["tools: **", []],
    ["tools: **Read**", ["Read"]],
    ["tools: *Read*, Write*", ["Read", "Write"]],
    ["tools: **mcp__x__y**, mcp__x__z*", ["mcp__x__y", "mcp__x__z"]],
    ["tools: mcp__x__*, mcp_y_*, workspace__*", ["mcp__x__*", "mcp_y_*", "workspace__*"]],
    ["tools: all of them (*)", ["all", "of", "them"]],
    ["tools:\n  + Read\n  + Write", ["Read", "Write"]],
    ["tools:\n  • Read\n  • Write", ["Read", "Write"]],
    ["tools: |\n  - Read\n  * Write", ["Read", "Write"]],
    ["tools:\n  -Read\n  -Write", ["Read", "Write"]],
    ["tools: [Read, -Write]", ["Read", "-Write"]],
  ])("%j grants %j", (line, expected) => {
    expect(toolsOf(line).tools).toEqual(expected);
  });

  it.each(["tools: Read, *", "tools: Read*", "tools: **"])("%j earns a notice about the star", (line) => {
    expect(toolsOf(line).notes).toContainEqual(expect.stringMatching(/\*\*? (?:was read as|beside names)/));
  });

  it("that are empty earn a notice, and so does what is left out", () => {
    expect(toolsOf("tools:").notes).toEqual([expect.stringMatching(mentions("tools", "empty"))]);
    expect(toolsOf("tools: [Read, {a: 1}]").notes).toEqual([expect.stringMatching(mentions("tools", "left out"))]);
  });

  it.each<[string, readonly string[]]>([
    ["disallowedTools: Bash(rm:*), Write", ["Bash", "Write"]],
    ["disallowedTools: Bash(rm, Write", ["Bash", "Write"]],
    ["disallowedTools: Bash(rm:*)Write", ["Bash", "Write"]],
    ["disallowedTools: Write\ndisallowedTools: Edit", ["Write", "Edit"]],
    ["disallowed-tools: Write", ["Write"]],
    ["disallowed_tools: [Write]", ["Write"]],
    ["disallowedTools:Write\ndescription: x: y", ["Write"]],
    ["disallowedTools: mcp__My Server__append", ["mcp__My", "Server__append"]],
    ["disallowedTools:", []],
    ["disallowedTool: Write", ["Write"]],
    ["Disallowed tools: Write\ndescription: x: y", ["Write"]],
    ["disallowedTools:\n  * Write\n  + Edit\n  • Read", ["Write", "Edit", "Read"]],
    ["disallowedTools:\n  + Write\n  + Edit", ["Write", "Edit"]],
    ["disallowedTools:\n  -Write\n  -Edit", ["Write", "Edit"]],
    ["disallowedTools: [-Write, Edit]", ["Write", "Edit"]],
    ["disallowedTools: **Write**, *Edit*, my_srv*", ["Write", "Edit", "my_srv*"]],
    ["disallowedTools: Write, *", ["Write", "*"]],
  ])("%j blocks %j", (lines, expected) => {
    expect(toolsOf(...lines.split("\n")).blockedTools).toEqual(expected);
  });

  it.each([
    "disallowedTools: {Write: true}",
    "disallowedTools: [Write, {Edit: true}]",
    "disallowedTools: true",
    "disallowedTools: “Write”",
    "disallowedTools: Write; Edit",
    " disallowedTools: Write\ndescription: x: y",
    "description: x: y\n disallowedTools: Write",
    "description: x: y\n  tools: Read",
    ...["- disallowedTools: Write", "* disallowedTools: Write", "? disallowedTools\n: [Write]"].map(
      (lines) => `description: x: y\n${lines}`,
    ),
    "description: x: y\n{disallowedTools: [Write]}",
    "description: x: y\n{model: opus, disallowed-tools: [Write]}",
    "description: x: y\ncolor: red, disallowedTools: Write",
    "description: x: y\ndisallowedTools= Write",
    "hooks:\n  Pre: []\n  disallowedTools: Write",
    "description:\n- disallowedTools: Write",
    "tools: [Read, {disallowedTools: Write}]",
    "description: x: y\n> tools: Read",
  ])("%j is refused, because a list would be lost", (lines) => {
    expect(() => toolsOf(...lines.split("\n"))).toThrow(ConfigError);
  });

  it("that block starting agents leave the agent without it", () => {
    for (const name of ["Task", "Agent", "Agent(reviewer)", "*"])
      expect(toolsOf(`disallowedTools: ${name === "*" ? '"*"' : name}`).maxDepth, name).toBe(1);
    expect(toolsOf("disallowedTools: Write").maxDepth).toBeNull();
  });
});

describe("other fields", () => {
  it.each<[string, number | null, number]>([
    ["maxTurns: 7", 7, 0],
    ['maxTurns: "12"', 12, 0],
    ["maxTurns: 12 turns", 12, 0],
    ["maxTurns: 1000000", 10_000, 1],
    ["maxTurns: 0", null, 1],
    ["maxTurns: -3", null, 1],
    ["maxTurns: many", null, 1],
    ["maxTurns:", null, 0],
  ])("%j is %j, with a notice for what is left out", (line, turns, notes) => {
    const definition = claude(file("name: a", line));
    expect([definition.maxTurns, definition.notes.length]).toEqual([turns, notes]);
  });

  it.each([
    ["model:", 0],
    ['model: ""', 0],
    ["model: inherit", 0],
    ["model: Inherit", 0],
    ["model: sonnet", 0],
    ["effort: high", 0],
    ["effort: utmost", 1],
    ["model: [opus]", 1],
  ])("%j earns %i notices", (line, notes) => {
    expect(claude(file("name: a", line)).notes).toHaveLength(notes);
  });

  it("that only the host knows earn a notice and cost nothing else", () => {
    const known = ["color: red", "permissionMode: plan", "skills: [a]", "hooks: {}", "mcpServers: [x]", "memory: user"];
    expect(claude(file("name: a", ...known)).notes).toEqual([
      expect.stringMatching(mentions("color", "permissionMode", "skills", "hooks", "mcpServers", "memory")),
    ]);
  });

  it("of Gemini CLI are read the same way", () => {
    const markdown = markdownOf(
      file(
        "name: a",
        "description: x: y",
        "tools:",
        "  - read_file",
        "  - mcp_a.b_c",
        "max_turns: 0",
        "timeout_mins: 99999",
      ),
    );
    const definition = markdown && readGeminiAgent(markdown, "user");
    expect(definition).toMatchObject({ tools: ["read_file", "mcp_a_b_c"], maxTurns: null, timeoutSeconds: 604_800 });
  });
});

describe("any front matter of the known fields", () => {
  const odd = fc.constantFrom(
    ": ",
    "*",
    "@",
    "`",
    "%",
    "{",
    "}",
    "[",
    "]",
    '"',
    "'",
    "#",
    " #",
    "&",
    "!",
    "|",
    ">",
    "\t",
    "- ",
    ", ",
    "\\n",
  );
  const words = fc.constantFrom("a", "Use", "when", "Read", "x y", "é");
  const value = fc
    .array(fc.oneof(words, odd), { minLength: 1, maxLength: 8 })
    .map((parts) => parts.join(""))
    .filter((text) => text.trim() !== "");
  const listForm = fc.constantFrom(
    (key: string, names: readonly string[]) => [`${key}: ${names.join(", ")}`],
    (key: string, names: readonly string[]) => [`${key}: ${names.join(" ")}`],
    (key: string, names: readonly string[]) => [`${key}: [${names.join(", ")}]`],
    (key: string, names: readonly string[]) => [`${key}:`, ...names.map((name) => `  - ${name}`)],
    (key: string, names: readonly string[]) => [`${key}:`, ...names.map((name) => `- "${name}"`)],
    (key: string, names: readonly string[]) => [`${key}:`, ...names.map((name) => `\t- ${name}`)],
  );
  const tool = fc.constantFrom("Read", "Write", "Edit", "mcp__a__b", "Bash");
  const tools = fc.uniqueArray(tool, { minLength: 1, maxLength: 4 });
  const list = (key: string) => fc.tuple(tools, listForm).map(([names, form]) => ({ names, lines: form(key, names) }));
  const text = (key: string) => value.map((written) => [`${key}: ${written}`]);
  const ending = fc.constantFrom("\n", "\r\n");

  it("grants no more than the names written in it", () => {
    const sign = fc.constantFrom("- ", "-", "* ", "+ ", "• ", "*", "**", "", "", '"');
    const mark = fc.constantFrom("*", "**", "", "", ",", '"', " *", "]");
    const line = fc.tuple(fc.constantFrom("  ", "", "\t", "    "), sign, tool, mark).map((parts) => parts.join(""));
    const bare = fc.constantFrom("  *", "  **", "* *", "  +", "  -", "  all *");
    const begin = fc.constantFrom("tools:", "tools: |", "tools: >", "tools: *, Read", "tools: [Read", "tools: Write *");
    const body = fc.array(fc.oneof({ weight: 4, arbitrary: line }, { weight: 1, arbitrary: bare }), { minLength: 1 });
    const around = fc.constantFrom("color: red", "description: x: y");
    fc.assert(
      fc.property(begin, body, around, (first, lines, other) => {
        fc.pre(/: .*\w/.test(first) || lines.some((one) => /\w/.test(one)));
        let granted: readonly string[];
        try {
          granted = toolsIn(file("name: a", other, first, ...lines));
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          return;
        }
        const written = new Set(
          [first, ...lines].flatMap((one) => one.slice(one.indexOf(":") + 1).match(/\w+/g) ?? []),
        );
        expect(granted.filter((pattern) => !written.has(pattern.replace(/^-/, "")))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it("gives name, text, tools and blocks, or is refused", () => {
    const others = fc.subarray(["description", "model", "color", "hooks", "permissionMode", "maxTurns"]);
    const fields = others.chain((keys) => fc.tuple(...keys.map(text)));
    const whole = fc.record({ fields, tools: list("tools"), blocks: list("disallowedTools"), ending, seed: fc.nat() });
    fc.assert(
      fc.property(whole, ({ fields: texts, tools: granted, blocks, ending: newline, seed }) => {
        const parts = [["name: a"], ...texts, granted.lines, blocks.lines];
        const turned = [...parts.slice(seed % parts.length), ...parts.slice(0, seed % parts.length)];
        let definition: AgentDefinition;
        try {
          definition = claude(file(...turned.flat()).replaceAll("\n", newline));
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          return;
        }
        expect(definition).toMatchObject({ name: "a", prompt: "Do it." });
        expect(definition.blockedTools).toEqual(blocks.names);
        expect(definition.tools).toEqual(granted.names);
      }),
      { numRuns: 2_000 },
    );
  });
});
