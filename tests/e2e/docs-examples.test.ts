/** The examples of docs/workflows.md, agents.md, approvals.md, nesting.md and money.md behave as documented, in their order. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, it } from "vitest";
import { legwork } from "../support/command.js";
import { type Block, blocksIn, codeIn, tablesIn } from "../support/document.js";
import type { Structured, TestHost, Workbench } from "../support/host.js";
import { rehearse, setBench, setHost } from "../support/rehearsals.js";

const COMMAND = "node /path/to/legwork/bin/legwork.js ";
const RUN_ID = /run_01…/g;
const LONGEST = 120_000; // milliseconds: a document has some thirty examples

/** What the blocks before have left behind. */
interface Walk {
  readonly kind: "workflow" | "agent";
  readonly bench: Workbench;
  readonly host: TestHost;
  answer: Structured | null;
  runId: string;
  printed: string;
  /** The names of the definitions written so far. */
  readonly defined: string[];
}

it.each([
  ["workflows", "workflow"],
  ["agents", "agent"],
  ["approvals", "workflow"],
] as const)("docs/%s.md", { timeout: LONGEST }, async (document, kind) => {
  const walk = await walkThrough(document, kind);
  // What the document did not run itself can be run.
  await legwork(walk.bench, ["trust"]);
  expect(walk.defined.length).toBeGreaterThan(1);
  for (const name of walk.defined) expect(await spawn(walk, name)).toMatchObject({ status: "blocked", [kind]: name });
});

it("docs/nesting.md", { timeout: LONGEST }, async () => {
  const walk = await walkThrough("nesting", "agent");
  expect(walk.defined).toEqual(["loner", "lead"]);
  const found = await walk.host.call("list_agents", {});
  expect(found.text).toContain("second-opinion");
  expect(found.text).not.toContain("second-opinion.yaml:");
});

it("docs/money.md", { timeout: LONGEST }, async () => {
  const { answer } = await walkThrough("money", "agent");
  expect(answer?.runs).toHaveLength(1);
});

it("refuses each condition that the document calls refused", { timeout: LONGEST }, async () => {
  const walk = await beginWalk("workflow");
  const conditions = tablesIn(read("workflows"))
    .filter(({ heading }) => heading === "Refused conditions")
    .flatMap(({ rows }) => rows.map(([cell = ""]) => codeIn(cell)[0] ?? ""));
  expect(conditions.length).toBeGreaterThan(5);
  for (const condition of conditions) {
    define(walk, "refused", withCondition(condition));
    const { error } = await spawn(walk, "refused");
    expect(error?.message, condition).toMatch(/refused\.yaml:1:\d+: the condition .* cannot be used: /);
  }
});

it("docs/using-agents.md", async () => {
  const walk = await beginWalk("workflow");
  for (const block of blocksIn(read("using-agents")).filter(({ label }) => label?.startsWith(".legwork/")))
    await follow(block, walk);
  await legwork(walk.bench, ["trust"]);
  expect(walk.defined).toEqual(["careful"]);
  expect(await spawn(walk, "careful")).toMatchObject({ status: "blocked", workflow: "careful", step: "look" });
});

function read(document: string): string {
  return readFileSync(resolve(import.meta.dirname, `../../docs/${document}.md`), "utf8");
}

/** Follows a document from its first block to its last. */
async function walkThrough(document: string, kind: Walk["kind"]): Promise<Walk> {
  const walk = await beginWalk(kind);
  for (const block of blocksIn(read(document))) {
    try {
      await follow(block, walk);
    } catch (cause) {
      throw new Error(`docs/${document}.md:${block.line}: ${(cause as Error).message}`, { cause });
    }
  }
  return walk;
}

async function beginWalk(kind: Walk["kind"]): Promise<Walk> {
  const bench = setBench();
  rehearse(bench, "give-up", [{ calls: [{ tool: "complete", arguments: { result: "no", status: "blocked" } }] }]);
  const host = await setHost(bench);
  return { kind, bench, host, answer: null, runId: "", printed: "", defined: [] };
}

async function follow(block: Block, walk: Walk): Promise<void> {
  const { language, label, text, line } = block;
  if (language === "sh") return runCommands(text, walk);
  if (language === "text") return expect(walk.printed).toContain(text);
  if (language === "mermaid") return expect(walk.printed).toBe(text);
  if (language === "cel") return acceptConditions(text, walk);
  if (label === null) throw new Error("nobody checks this block: say in its first line what it is");
  const [, refusedCall, reason = ""] = /^refused (\w+): (.*)$/.exec(label) ?? [];
  if (refusedCall !== undefined) return refuseCall(refusedCall, reason, text, walk);
  if (language === "jsonc") return label === "answer" ? compare(text, walk) : call(label, text, walk);
  const [, refusal] = /^refused: (.*)$/.exec(label) ?? [];
  if (refusal !== undefined) return refuse(text, refusal, walk);
  if (label === "in a step") return define(walk, `step-${line}`, inStep(text));
  if (/\.(yaml|md)$/.test(label)) return writeExample(label, text, walk);
  throw new Error(`nobody checks a block that begins with "${label}"`);
}

async function runCommands(text: string, walk: Walk): Promise<void> {
  for (const command of text.trim().split("\n")) {
    expect(command.startsWith(COMMAND), command).toBe(true);
    const words = command.slice(COMMAND.length).replaceAll(RUN_ID, walk.runId).split(" ");
    const { code, stdout, stderr } = await legwork(walk.bench, words);
    expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: "" });
    walk.printed = stdout;
  }
}

/** Each line is a condition with which a run can be started. */
async function acceptConditions(text: string, walk: Walk): Promise<void> {
  for (const condition of text.trim().split("\n")) {
    define(walk, "accepted", withCondition(condition));
    expect(await spawn(walk, "accepted"), condition).toMatchObject({ status: "blocked" });
  }
}

async function call(tool: string, text: string, walk: Walk): Promise<void> {
  const { isError, structured } = await walk.host.call(tool, parse(text.replaceAll(RUN_ID, walk.runId)));
  expect(isError, JSON.stringify(structured)).toBe(false);
  walk.answer = structured;
  if (tool === "spawn_agent") walk.runId = structured.run_id;
}

async function refuseCall(tool: string, reason: string, text: string, { host }: Walk): Promise<void> {
  const { isError, structured } = await host.call(tool, parse(text));
  expect({ isError, message: structured.error.message }).toEqual({ isError: true, message: reason });
}

function compare(text: string, { answer }: Walk): void {
  const missing = missingFrom(answer, parse(text), "");
  expect(missing, JSON.stringify(answer)).toEqual([]);
}

/** Without the comment in the first line. */
function parse(text: string): Record<string, unknown> {
  return JSON.parse(text.slice(text.indexOf("\n"))) as Record<string, unknown>;
}

/** What a shortened answer has and the real one has not; lists may leave entries out, in between too. */
function missingFrom(real: unknown, shown: unknown, path: string): readonly string[] {
  if (Array.isArray(shown)) {
    const rest: readonly unknown[] = Array.isArray(real) ? real : [];
    let at = 0;
    return shown.flatMap((item, index) => {
      const found = rest.findIndex((one, position) => position >= at && missingFrom(one, item, "").length === 0);
      if (found < 0) return [`${path}.${index}: ${JSON.stringify(item)}`];
      at = found + 1;
      return [];
    });
  }
  if (typeof shown !== "object" || shown === null) return real === shown ? [] : [`${path}: ${JSON.stringify(shown)}`];
  const fields = typeof real === "object" && real !== null ? real : {};
  return Object.entries(shown).flatMap(([key, value]) =>
    missingFrom(Object.hasOwn(fields, key) ? Reflect.get(fields, key) : undefined, value, `${path}.${key}`),
  );
}

async function refuse(text: string, refusal: string, walk: Walk): Promise<void> {
  define(walk, "refused", text);
  const { error } = await spawn(walk, "refused");
  walk.defined.splice(walk.defined.indexOf("refused"));
  expect(error?.message).toMatch(/refused\.yaml:\d+:\d+: /);
  expect(error?.message).toContain(refusal);
}

/** Writes a definition of the user's own. */
function define(walk: Walk, name: string, text: string): void {
  put(join(walk.bench.home, `${walk.kind}s`, `${name}.yaml`), text);
  note(walk, name);
}

function writeExample(label: string, text: string, walk: Walk): void {
  const { home, root, project } = walk.bench;
  const file = label.startsWith("~/.legwork/")
    ? join(home, label.slice("~/.legwork/".length))
    : label.startsWith("~/")
      ? join(root, label.slice("~/".length))
      : join(project, label);
  put(file, text);
  const [, name] = new RegExp(`\\.legwork/${walk.kind}s/([^/]+)\\.\\w+$`).exec(label) ?? [];
  if (name !== undefined) note(walk, name);
}

function put(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function note({ defined }: Walk, name: string): void {
  if (!defined.includes(name)) defined.push(name);
}

/** A run whose agent gives up at once. */
async function spawn({ kind, host }: Walk, name: string): Promise<Partial<Structured>> {
  const args = { prompt: "play", provider: "rehearsal", model: "give-up", wait_seconds: 30, [kind]: name };
  return (await host.call("spawn_agent", args)).structured;
}

function inStep(text: string): string {
  const indented = text.replaceAll(/^(?=.)/gm, "    ");
  return `steps:\n  - name: work\n${indented}  - name: after\n`;
}

function withCondition(condition: string): string {
  return JSON.stringify({ variables: { tries: 0, score: 0 }, steps: [{ name: "work" }], exit_condition: condition });
}
