/** Servers as a terminal and a program are shown them. */
import { describe, expect, it } from "vitest";
import { diffDefinitions } from "../../../../src/cli/render/diff-definitions.js";
import { toJson, toText } from "../../../../src/cli/render/show-servers.js";
import { firstLine } from "../../../../src/cli/render/visible.js";
import type { Pin } from "../../../../src/core/ports/catalog-store.js";
import type { PinFinding, ServerStatus } from "../../../../src/core/ports/downstream.js";
import type { CatalogTool } from "../../../../src/core/tools/tool.js";
import { visible } from "../../../../src/core/visible.js";
import { AT_ONCE_MS } from "../../../support/in-time.js";
import { mentions } from "../../../support/mentions.js";

const pinOf = (tool: string, definition = "{}"): Pin => ({ tool, hash: definition, definition });
const toolOf = (tool: string, description = ""): CatalogTool => ({
  name: `s__${tool}`,
  server: "s",
  tool,
  description,
  inputSchema: { type: "object", properties: { path: {}, to: {} }, required: ["path"] },
  effect: "read_only",
});
const statusOf = (fields: Partial<ServerStatus> = {}): ServerStatus => ({
  name: "s",
  from: "/home/u/.legwork/config.yaml",
  transport: "stdio",
  state: "ready",
  problem: null,
  startTimeoutSeconds: 60,
  listing: { tools: [toolOf("read", "Reads a file.\nAnd more."), toolOf("long_name", "x".repeat(300))], problems: [] },
  pinFindings: [],
  ...fields,
});

describe("the text", () => {
  it("has a line for each server and each tool, none wider than the terminal", () => {
    expect(toText([statusOf()], ["A notice."], 60)).toBe(
      [
        "s  ready  stdio  /home/u/.legwork/config.yaml",
        "  s__read       read_only   Reads a file.",
        `  s__long_name  read_only   ${"x".repeat(31)}…`,
        "",
        "A notice.",
        "",
      ].join("\n"),
    );
  });

  it("gives the problem of a server, and of each tool that was rejected", () => {
    const problem = { server: "s", code: "spawn_failed", message: 'server "s": no such command' };
    const rejected = { server: "s", code: "tool_rejected", message: 'server "s": tool "x" is odd' };
    const text = toText(
      [
        statusOf({ state: "failed", transport: null, problem, listing: null }),
        statusOf({ name: "t", listing: { tools: [], problems: [rejected] } }),
      ],
      [],
      80,
    );
    expect(text).toMatch(
      /^s {2}failed {2}unusable {2}\/home\/u\/\.legwork\/config\.yaml\n {2}.*server "s": no such command\n/,
    );
    expect(text).toMatch(/^ .*\btools\b/m);
    expect(text).toContain(`  ${rejected.message}\n`);
  });

  it("marks tools that changed or are withheld, and names the commands that help", () => {
    const findings: readonly PinFinding[] = [
      { accepted: pinOf("read"), now: pinOf("read", "now"), withheld: false },
      { accepted: null, now: pinOf("send"), withheld: true },
    ];
    const withheld = { server: "s", code: "tool_withheld", message: "said twice" };
    const text = toText(
      [statusOf({ pinFindings: findings, listing: { tools: [toolOf("read")], problems: [withheld] } })],
      [],
      80,
    );
    expect(text).toMatch(/s__read\s+read_only\s+\[changed\]\n/);
    expect(text).toMatch(/s__send\s+\[new, withheld\]\n/);
    expect(text).not.toContain("said twice");
    expect(text).toMatch(mentions("2 tools", '"legwork tools diff', '"legwork tools accept'));
  });

  it("has one line where there is no server", () => {
    expect(toText([], [], 80)).toMatch(/^.*\bserver\b.*\n$/);
  });

  it("lets nothing foreign act on the terminal or hide on it", () => {
    const hostile = "\u001b[2J\u0007red\u009b31m \u202egpj\u200b\u{e0041}\ufe0f\u3164";
    const message = `broke ${hostile}`;
    const status = statusOf({
      state: "degraded",
      problem: { server: "s", code: "c", message },
      listing: { tools: [toolOf("read", hostile)], problems: [{ server: "s", code: "c", message }] },
      from: `/tmp/${hostile}`,
    });
    for (const text of [toText([status], [hostile], 200), toJson([status], [hostile])]) {
      expect(text).not.toMatch(/[^\P{Cc}\n]/u);
      expect(text.split("\n").every((line) => !line.startsWith("red"))).toBe(true);
    }
    expect(toText([status], [], 200)).toContain(
      "\\u{1b}[2J\\u{7}red\\u{9b}31m \\u{202e}gpj\\u{200b}\\u{e0041}\\u{fe0f}\\u{3164}",
    );
  });
});

describe("the JSON", () => {
  it("holds the same as one object", () => {
    const finding = { accepted: null, now: pinOf("send"), withheld: true };
    const problem = { server: "s", code: "start_timeout", message: "too slow" };
    const read = { effect: "read_only", pin: null, withheld: false };
    const none = { arguments: [], required: [] };
    expect(
      JSON.parse(toJson([statusOf({ state: "degraded", problem, pinFindings: [finding] })], ["A notice."])),
    ).toEqual({
      servers: [
        {
          name: "s",
          state: "degraded",
          transport: "stdio",
          from: "/home/u/.legwork/config.yaml",
          problem: { code: "start_timeout", message: "too slow" },
          known: true,
          tools: [
            { ...read, name: "s__read", description: "Reads a file.", arguments: ["path", "to"], required: ["path"] },
            {
              ...read,
              name: "s__long_name",
              description: "x".repeat(300),
              arguments: ["path", "to"],
              required: ["path"],
            },
            { ...none, name: "s__send", effect: null, description: "", pin: "new", withheld: true },
          ],
          rejected: [],
        },
      ],
      notices: ["A notice."],
    });
  });
});

describe("foreign text", () => {
  it("stays as it is where it is plain", () => {
    expect(visible("Grüße, 世界 🙂")).toBe("Grüße, 世界 🙂");
  });

  it.each([
    ["\n\n  First line.  \nSecond", 40, "First line."],
    ["a\rb", 40, "a"],
    ["abcdef", 4, "abc…"],
    ["ab🙂🙂", 4, "ab…"],
    ["", 40, ""],
  ])("%j is shown as its first line in %i characters", (text, width, shown) => {
    expect(firstLine(text, width)).toBe(shown);
  });
});

describe("a diff", () => {
  const before = JSON.stringify({ name: "read", description: "Reads.\nSafely." }, null, 2);

  it("shows the lines that changed, also inside a text of many lines", () => {
    const now = JSON.stringify({ name: "read", description: "Reads.\nAnd\u001b sends.\u200b" }, null, 2);
    expect(diffDefinitions("s__read", before, now).split("\n")).toEqual([
      expect.stringMatching(/^--- s__read\b/),
      expect.stringMatching(/^\+\+\+ s__read\b/),
      "@@ -1,5 +1,5 @@",
      " {",
      '   "name": "read",',
      '   "description": "Reads.\\n',
      '-Safely."',
      '+And\\u001b sends.\\u{200b}"',
      " }",
      "",
    ]);
  });

  it("shows all of a tool that is new", () => {
    const diff = diffDefinitions("s__read", null, before);
    expect(diff).toMatch(/^--- (?!s__read).*\n\+\+\+ s__read\b.*\n/);
    expect(
      diff
        .split("\n")
        .slice(3, -1)
        .every((line) => line.startsWith("+")),
    ).toBe(true);
  });

  it("is made in bounded time for definitions that have nothing in common", () => {
    const lines = (word: string) => Array.from({ length: 30_000 }, (_, index) => `${word} ${index}`).join("\n");
    const begun = performance.now();
    const diff = diffDefinitions("s__read", lines("old"), lines("new"));
    expect(performance.now() - begun).toBeLessThan(AT_ONCE_MS);
    expect(diff).toContain("-old 29999\n");
    expect(diff).toContain("+new 0\n");
  });
});
