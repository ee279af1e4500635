/** Attempts of agents to get out of the project, or at files that are closed to them, through the workspace server. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { EventAnswer, TestHost, Workbench } from "../support/host.js";
import { rehearse, runScript, setBench, setHost, toolTexts } from "../support/rehearsals.js";
import { setWorkspace, WAYS } from "../support/workspaces.js";

const RACE_MS = 1_500; // the guard that judged a path before a server opened it lost within a second
const MOST_WAIT_MS = 15_000;
const PATTERNS_MS = 10_000; // a regular expression of such a pattern takes longer than anybody waits
const GIT_CONFIG = "[core]\n\tbare = false\n";

/** Exchanges a folder and a link as fast as it can: `turn` is a folder, then a link, then the folder again. */
const SWAPPER = `
const { renameSync } = require("node:fs");
process.chdir(process.argv[1]);
process.stdout.write("swapping");
for (;;) {
  renameSync("turn", "aside-folder"); renameSync("aside-link", "turn");
  renameSync("turn", "aside-link"); renameSync("aside-folder", "turn");
}`;

/** Resolves when the swaps have begun; they end with the test. */
async function swapIn(root: string): Promise<ChildProcess> {
  const swapper = spawn(process.execPath, ["-e", SWAPPER, root], { stdio: ["ignore", "pipe", "inherit"] });
  const gone = once(swapper, "exit");
  onTestFinished(async () => {
    swapper.kill("SIGKILL");
    await gone; // its folder is removed next
  });
  await new Promise((settle) => swapper.stdout.once("data", settle));
  return swapper;
}

describe.each(WAYS.slice(0, 1))("while another process exchanges a folder and a link, %s,", (_, way) => {
  it.each([".git", "../outside"])("nothing of %s is changed or read", { timeout: 30_000 }, async (target) => {
    const { root, put, call } = setWorkspace(way);
    put(".git/config", GIT_CONFIG);
    put("../outside/config", "outside");
    put("turn/config", "mine");
    symlinkSync(target, join(root, "aside-link"));
    const swapper = await swapIn(root);
    const deadline = Date.now() + RACE_MS;
    const answers = new Set<string>();
    // On a busy machine one of the two may rest while the other works.
    while (Date.now() < deadline || (answers.size === 0 && Date.now() < deadline + MOST_WAIT_MS)) {
      call("write_file", { path: "turn/config", content: "written" });
      call("write_file", { path: "turn/new.txt", content: "written" });
      call("edit_file", { path: "turn/config", edits: [{ oldText: "", newText: "written" }] });
      call("move_file", { source: "turn/new.txt", destination: "turn/moved.txt" });
      call("move_file", { source: "turn/moved.txt", destination: "turn/new.txt" });
      const { isError, text } = call("read_text_file", { path: "turn/config" });
      if (!isError) answers.add(text.replaceAll("written", ""));
    }
    expect(readFileSync(join(root, ".git/config"), "utf8")).toBe(GIT_CONFIG);
    expect(readdirSync(join(root, ".git"))).toEqual(["config"]);
    expect(readFileSync(join(root, "../outside/config"), "utf8")).toBe("outside");
    expect(readdirSync(join(root, "../outside"))).toEqual(["config"]);
    expect([...answers].filter((answer) => answer.includes("outside") || answer.includes("core"))).toEqual([]);
    expect(answers.size).toBeGreaterThan(0);
    expect(swapper.exitCode).toBeNull();
  });
});

it("no pattern of an agent or of a clone keeps the server from answering", () => {
  const [[, way]] = WAYS as [(typeof WAYS)[number]];
  const { put, call } = setWorkspace(way);
  const bomb = `${"*a".repeat(60)}b`;
  put(".gitignore", `${bomb}\n/${bomb}/x\n**/${"**/".repeat(30)}${bomb}\n`);
  put("a".repeat(250), "");
  put(`${"a/".repeat(60)}${"a".repeat(250)}`, "");
  const started = performance.now();
  const patterns = [bomb, `**/${bomb}/**/${bomb}`, `${"**/*a/".repeat(30)}b`, `{${bomb},${bomb}}`, "[".repeat(500)];
  for (const pattern of patterns) call("search_files", { path: ".", pattern, excludePatterns: patterns });
  const { isError } = call("search_files", { path: ".", pattern: "{a,b}".repeat(12) });
  expect(isError).toBe(true);
  expect(performance.now() - started).toBeLessThan(PATTERNS_MS);
});

it("a search that takes too long, as with thousands of patterns, ends and says so", () => {
  const [[, way]] = WAYS as [(typeof WAYS)[number]];
  const { put, call } = setWorkspace(way);
  for (let n = 0; n < 20; n++) put(`file${n}`, "");
  let now = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => (now += 1_000));
  onTestFinished(() => clock.mockRestore());
  const { text } = call("search_files", { path: ".", pattern: "**" });
  expect(text).toContain("the call took more than 10 s");
  expect(text.split("\n").length).toBeLessThan(15);
});

it("no edit of a text that repeats itself keeps the server from answering", () => {
  const [[, way]] = WAYS as [(typeof WAYS)[number]];
  const { put, call } = setWorkspace(way);
  put("lines.txt", "a\n".repeat(1_000_000));
  put("line.txt", "a".repeat(2_000_000));
  const started = performance.now();
  const edit = (path: string, oldText: string) => call("edit_file", { path, edits: [{ oldText, newText: "c" }] });
  expect(edit("lines.txt", `${"a\n".repeat(200_000)}b`).isError).toBe(true);
  expect(edit("line.txt", `b${"a".repeat(200_000)}`).isError).toBe(true);
  expect(performance.now() - started).toBeLessThan(PATTERNS_MS);
});

function fill(bench: Workbench): void {
  bench.write(".git/config", GIT_CONFIG);
  bench.write(".env", "TOKEN=abc\n");
  bench.write("src/a.txt", "a");
  bench.write("../outside.txt", "outside");
  bench.write("module/.git/hooks/pre-commit", "");
  bench.write("ci/workflows/run.yml", "");
  symlinkSync(".git", join(bench.project, "notes"));
  symlinkSync(".env", join(bench.project, "settings.txt"));
  symlinkSync(join(bench.project, ".git"), join(bench.project, "cafe\u0301"));
  linkSync(join(bench.project, "../outside.txt"), join(bench.project, "hard.txt"));
  execFileSync("mkfifo", [join(bench.project, "pipe")]);
}

const w = (tool: string, args: object) => ({ tool: `workspace__${tool}`, arguments: args });
const write = (path: string) => w("write_file", { path, content: "evil" });
const move = (source: string, destination: string) => w("move_file", { source, destination });

const REFUSED = [
  ...[".git/config", ".GIT/config", "notes/config", "caf\u00e9/config", "src/../.git/config", ".git./config"].map(
    write,
  ),
  ...[".git::$DATA/config", ".g\u200cit/config", "new/.git/config", ".legwork/config.yaml", ".mcp.json"].map(write),
  ...["CLAUDE.md", "src/claude.md", "AGENTS.md", ".vscode/tasks.json", ".github/workflows/x.yml", ".npmrc"].map(write),
  ...["../outside.txt", "/tmp/legwork-evil.txt", "~/evil.txt", "pipe"].map(write),
  ...[
    move(".git/config", "config.txt"),
    move("module", "other"),
    move("ci", ".github"),
    move("src/a.txt", ".mcp.json"),
  ],
  ...[move(".env", "open.txt"), w("create_directory", { path: ".husky" }), w("create_directory", { path: "notes/x" })],
  w("edit_file", { path: ".git/config", edits: [{ oldText: "false", newText: "true" }] }),
  ...[".env", "settings.txt", ".ENV", "src/../.env", ".git/config", "notes/config", "../outside.txt", "pipe"].map(
    (path) => w("read_text_file", { path }),
  ),
  w("read_media_file", { path: ".env" }),
  w("edit_file", { path: ".env", edits: [{ oldText: "TOKEN", newText: "X" }], dryRun: true }),
];

async function eventsOf(host: TestHost, runId: string): Promise<readonly EventAnswer[]> {
  const events: EventAnswer[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page = { run_id: runId, view: "events", limit: 200, ...(cursor === "" ? {} : { cursor }) };
    const { structured } = await host.call("get_run", page);
    events.push(...structured.events);
    cursor = structured.next_cursor ?? null;
  }
  return events;
}

it("an agent with every tool can neither leave the project nor reach what is closed to it", async () => {
  const bench = setBench();
  fill(bench);
  const host = await setHost(bench);
  const ALLOWED = [write("hard.txt"), w("read_multiple_files", { paths: [".env", "src/a.txt"] }), write("src/new.txt")];
  rehearse(bench, "attacker", [{ calls: [...REFUSED, ...ALLOWED] }, { text: "done" }]);
  const run = await runScript(host, "attacker", { tools: ["*"] });
  const finished = (await eventsOf(host, run.run_id)).filter(({ type }) => type === "tool_call_finished");
  const failed = finished.filter((event) => event.is_error).map(({ index }) => index);
  expect(failed).toEqual(REFUSED.map((_, index) => index));
  const texts = finished.map((event) => event.text);
  expect(texts.join("\n")).not.toContain("TOKEN=abc");
  expect(texts.join("\n")).toContain("src/a.txt:\na");

  expect(readFileSync(join(bench.project, ".git/config"), "utf8")).toBe(GIT_CONFIG);
  expect(readFileSync(join(bench.root, "outside.txt"), "utf8")).toBe("outside");
  expect(readFileSync(join(bench.project, "hard.txt"), "utf8")).toBe("evil");
  expect(readdirSync(bench.root).sort()).toEqual(["home", "outside.txt", "project"]);
});

it("a grant of the user opens the files that it names, for every agent", async () => {
  const bench = setBench();
  mkdirSync(join(bench.project, "docs"));
  writeFileSync(join(bench.project, ".env.test"), "PORT=1");
  bench.configure('mcpServers:\n  workspace: { allow_read: [".env.test"], allow_write: ["**/AGENTS.md"] }\n');
  const host = await setHost(bench);
  const calls = [w("read_text_file", { path: ".env.test" }), write("docs/AGENTS.md"), write("CLAUDE.md")];
  rehearse(bench, "granted", [{ calls }, { text: "done" }]);
  const run = await runScript(host, "granted", { tools: ["*"] });
  const [first, second, third] = await toolTexts(host, run.run_id);
  expect(first).toBe("PORT=1");
  expect(second).toContain("docs/AGENTS.md");
  expect(third).toContain("protected");
});
