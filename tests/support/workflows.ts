/** Runs that are led by workflows, from the wire: one host a test file, scripts as the model, the small counted server. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { createWorkbench, type HostOptions, openHost, type Structured, type TestHost, type Workbench } from "./host.js";
import { escaped, naming } from "./naming.js";
import { effectServer, rehearse, type ScriptedReply } from "./rehearsals.js";

/** An event of a run with whatever fields its type has. */
export interface RunEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface Led {
  readonly run: Structured & { readonly step: string | null; readonly workflow: string | null };
  readonly events: readonly RunEvent[];
  /** What the agent was told and what its calls got, in order: "user: …" and "tool name: …". */
  readonly said: readonly string[];
}

export interface Leading {
  /** Of the workflow; the last key wins. Null is no workflow. */
  readonly workflow: object | null;
  readonly replies: readonly ScriptedReply[];
  readonly args?: Readonly<Record<string, unknown>>;
}

export interface WorkflowSandbox {
  readonly bench: Workbench;
  readonly host: TestHost;
  /** Writes a workflow and a script under a name of their own, and plays them to the end. */
  lead(leading: Leading): Promise<Led>;
  /** Writes a workflow of the user and returns its name. */
  put(workflow: object | string, name?: string): string;
  /** Writes a file below the user's home of legwork. */
  write(name: string, text: string | Uint8Array): string;
  /** The answer of spawn_agent as it is, also where it is an error. */
  spawn(args: Record<string, unknown>): Promise<{ isError: boolean; structured: Structured }>;
  told(run: Structured): Promise<Led>;
  /** Lines that `effects__add_line` has really written. */
  effects(): readonly string[];
}

/** One host for the tests of a file; `config` is more of the user's configuration. */
export function shareSandbox(config = "", options: HostOptions = {}): WorkflowSandbox {
  let bench: Workbench;
  let host: TestHost;
  let count = 0;

  beforeAll(async () => {
    bench = createWorkbench();
    const server = effectServer({ EFFECT_FILE: join(bench.root, "effects.txt") });
    bench.configure(`mcpServers: { effects: ${server} }\n${config}`);
    host = await openHost(bench, options);
  });
  afterAll(async () => {
    await host.close();
    bench.remove();
  });

  const write = (name: string, text: string | Uint8Array) => {
    const file = join(bench.home, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  const put = (workflow: object | string, name = `w${++count}`) => {
    write(`workflows/${name}.yaml`, typeof workflow === "string" ? workflow : JSON.stringify(workflow)); // JSON is YAML too
    return name;
  };
  const spawn = (args: Record<string, unknown>) =>
    host.call("spawn_agent", { prompt: "play", wait_seconds: 40, ...args }, { timeout: 50_000 });
  const told = (run: Structured) => tell(host, run);

  return {
    get bench() {
      return bench;
    },
    get host() {
      return host;
    },
    write,
    put,
    spawn,
    told,
    async lead({ workflow, replies, args = {} }) {
      const name = workflow === null ? `w${++count}` : put(workflow);
      rehearse(bench, name, replies);
      const led = workflow === null ? {} : { workflow: name };
      const answer = await spawn({ provider: "rehearsal", model: name, ...led, ...args });
      expect(answer.isError, JSON.stringify(answer.structured)).toBe(false);
      return await told(answer.structured);
    },
    effects() {
      const file = join(bench.root, "effects.txt");
      return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    },
  };
}

interface MessageAnswer {
  readonly role: string;
  readonly text?: string;
  readonly results?: readonly { readonly tool: string; readonly text: string }[];
}

/** Everything that is recorded of a run, page by page. */
export async function tell(host: TestHost, run: Structured): Promise<Led> {
  const events = (await pagesOf(host, run.run_id, "events")) as RunEvent[];
  const messages = (await pagesOf(host, run.run_id, "messages")) as MessageAnswer[];
  const said = messages.flatMap(({ role, text, results = [] }) =>
    role === "user" ? [`user: ${text}`] : results.map((result) => `${result.tool}: ${result.text}`),
  );
  return { run: run as Led["run"], events, said };
}

async function pagesOf(host: TestHost, runId: string, view: "events" | "messages"): Promise<readonly object[]> {
  const items: object[] = [];
  for (let cursor: string | null = null; ; ) {
    const page = { run_id: runId, view, ...(cursor === null ? {} : { cursor }) };
    const { structured } = await host.call("get_run", page);
    items.push(...structured[view]);
    cursor = structured.next_cursor;
    if (cursor === null) return items;
  }
}

/** The events of a type, in order. */
export function eventsOf({ events }: Led, type: string): readonly RunEvent[] {
  return events.filter((event) => event.type === type);
}

/** The steps that were entered, in order. */
export function stepsOf(led: Led): readonly unknown[] {
  return eventsOf(led, "step_entered").map(({ step }) => step);
}

/** The agent's calls that were refused, in order. */
export function refusalsIn(led: Led) {
  return eventsOf(led, "tool_call_refused").map(({ tool, reason }) => ({ tool, reason }));
}

/** A refused call of the tool, whose reason names the tool and the facts. */
export function refused(tool: string, ...facts: readonly (string | number | RegExp)[]) {
  return { tool, reason: naming(tool, ...facts) };
}

/** A message that names the step which the run is in, and ends with the step's instructions. */
export function entered(step: string, instructions?: string) {
  const end = instructions === undefined ? "" : `\\n${escaped(instructions)}`;
  return expect.stringMatching(new RegExp(`^.*"${step}".*${end}$`));
}

/** The last value of a variable; undefined where nothing has set it. */
export function variableOf(led: Led, name: string): unknown {
  return eventsOf(led, "variable_set").findLast((event) => event.name === name)?.value;
}

/** Replies of a script: one that makes calls, one that completes. */
export const calls = (...list: readonly (readonly [tool: string, args?: object])[]): ScriptedReply => ({
  calls: list.map(([tool, args = {}]) => ({ tool, arguments: args })),
});
export const completes = (args: object = {}): ScriptedReply =>
  calls(["complete", { result: "done", status: "success", ...args }]);
export const goes = (to: string): ScriptedReply => calls(["request_step", { to }]);
