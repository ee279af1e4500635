/** The check of prose: each rule fails its sample and passes its okay text; marks keep old terms only where they stand. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createJudge, judgeProse } from "../../../checks/prose.mjs";
import { RULES } from "../../../checks/prose-rules.mjs";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "legwork-prose-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function findingsOf(path: string, text: string): string[] {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  return judgeProse(root);
}

describe("a rule of prose", () => {
  it.each(RULES.map((rule) => [rule.name, rule] as const))(
    "%s fails its sample and passes its okay text",
    (_, rule) => {
      const judge = createJudge([rule]);
      const [kind = ""] = rule.applies;
      expect(judge({ kind, text: rule.sample, line: 1 })).not.toEqual([]);
      expect(createJudge(RULES)({ kind, text: rule.okay, line: 1 })).toEqual([]);
      expect(rule.hint).not.toBe("");
    },
  );
});

describe("the check of prose", () => {
  it.each([
    ["a name in any casing", "src/a.ts", "const a = 1;\nconst OFFER_TOOLS = a;", 'src/a.ts:2: "OFFER_TOOLS" (offer)'],
    ["a file name", "src/runner/turnstile.ts", "", "turnstile.ts:1:"],
    ["a string of one word", "src/a.ts", 'const kind = "cut_call";', "(cut call)"],
    ["a name in the code of a comment", "src/a.ts", "// See `offerTools`.", '"offerTools"'],
    ["a string", "src/a.ts", 'const text = "It ended. What is left is stopped.";', "(head: what)"],
    ["a template", "src/a.ts", `const text = \`Run \${id}, whoever owns it.\`;`, "(head: whoever)"],
    ["a comment of several lines", "src/a.ts", "\n/**\n * The agent is\n * told why.\n */", "src/a.ts:3:"],
    ["the first line of a long comment", "src/a.ts", "\n/**\n * What is left.\n */", 'src/a.ts:3: "What is left."'],
    ["comments that follow one another", "src/a.ts", "// The agent is\n// told why.", "(phrase: is told)"],
    ["the title of a test", "tests/a.test.ts", 'it.skipIf(on("a"))("whatever happens", () => {});', "(head: whatever)"],
    ["a document", "docs/a.md", "| `a` | What it takes. |", "(head: what)"],
    ["a heading", "README.md", "# A\n\n## How trees end", 'README.md:3: "How trees end"'],
    ["a name in a document", "ARCHITECTURE.md", "See `runner/offer-tools.ts`.", '"offer-tools"'],
    ["a workflow", "workflows/a.yaml", "description: Look. What is found is told.", "(head: what)"],
  ])("finds a fault in %s", (_, path, text, finding) => {
    expect(findingsOf(path, text)).toContainEqual(expect.stringContaining(finding));
  });

  it.each([
    ["a question", "src/a.ts", 'const text = "What should the agent do next?";'],
    ["an imported path", "src/a.ts", 'import "./turnstile.js";'],
    ["a heading's sign inside a block of code", "docs/a.md", "```sh\n# how trees end\n```"],
    ["code of tests", "tests/a.test.ts", 'it("ends", () => offerTools("whatever it is"));'],
  ])("passes %s", (_, path, text) => {
    expect(findingsOf(path, text)).toEqual([]);
  });

  it("keeps a marked old name on its line, and below a mark of its own up to an empty line", () => {
    const mark = "// prose-check: old";
    expect(findingsOf("src/a.ts", `read(remark); ${mark} public name\nread(remark);`)).toHaveLength(1);
    expect(findingsOf("src/a.ts", `${mark} event version\nread(door);\nread(crew);\n\nread(door);`)).toEqual([
      expect.stringContaining("src/a.ts:5:"),
    ]);
  });

  it("excuses no sentence by a mark", () => {
    const text = 'const text = "What is left is stopped."; // prose-check: old public name';
    expect(findingsOf("src/a.ts", text)).toHaveLength(1);
  });

  it("exits 1 and prints the finding; exits 0 without one", () => {
    const run = () => spawnSync(process.execPath, ["checks/prose.mjs", root], { encoding: "utf8" });
    findingsOf("src/a.ts", "const queue = 1;");
    expect(run().status).toBe(0);
    findingsOf("src/a.ts", "const turnstile = 1;");
    const { status, stdout } = run();
    expect(status).toBe(1);
    expect(stdout).toContain('src/a.ts:1: "turnstile" (turnstile): write admission queue');
  });
});
