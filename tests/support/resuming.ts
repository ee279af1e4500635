/** What the tests of resuming share: runs that end in every way, and what the model is then told. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { answersIn } from "./agents.js";
import { type Behaviour, type GeminiStandIn, refusal, startGeminiStandIn } from "./gemini-stand-in.js";
import { createWorkbench, openHost, type Structured, type TestHost, type Workbench } from "./host.js";
import { effectServer } from "./rehearsals.js";

type Request = GeminiStandIn["requests"][number] | undefined;
type Turns = readonly Behaviour[] | ((n: number) => Behaviour);

/** A model that plays its turns for the runs of one prompt, and what it was asked by them. */
export interface Played {
  readonly prompt: string;
  readonly requests: () => GeminiStandIn["requests"];
}

export interface TwoHosts {
  readonly bench: Workbench;
  /** Begins the runs. */
  readonly one: TestHost;
  /** Goes on with them: another process on the same home and project. */
  readonly other: TestHost;
  /** Takes the turns of a model that answers the runs of one prompt. */
  play(turns: Turns): Played;
  /** Writes a workflow of the user and returns its name. */
  putWorkflow(workflow: { readonly name: string; readonly steps: readonly object[] }): string;
  /** Lines that `effects__add_line` has really written, of those that begin so. */
  effects(start: string): readonly string[];
}

/** Two hosts for the tests of a file, on one database; `config` is more of what the user's configuration says. */
export function shareTwoHosts(config = ""): TwoHosts {
  const played: { turns: Turns; asked: number }[] = [];
  let bench: Workbench;
  let standIn: GeminiStandIn;
  let hosts: readonly TestHost[] = [];
  const promptOf = (request: Request) => request?.body.contents[0]?.parts[0]?.text ?? "";

  beforeAll(async () => {
    bench = createWorkbench();
    const server = effectServer({ EFFECT_FILE: join(bench.root, "effects.txt") });
    bench.configure(`mcpServers: { effects: ${server}, workspace: { disabled: true } }\n${config}`);
    standIn = await startGeminiStandIn((body) => {
      const player = played[Number(/^play (\d+)/.exec(body.contents[0]?.parts[0]?.text ?? "")?.[1])];
      if (!player) return refusal(400, "nobody plays this");
      const n = ++player.asked;
      const { turns } = player;
      return (typeof turns === "function" ? turns(n) : turns[n - 1]) ?? refusal(400, `there is no reply ${n}`);
    });
    const env = { GEMINI_API_KEY: "test-key", GOOGLE_GEMINI_BASE_URL: standIn.url };
    hosts = await Promise.all([openHost(bench, { env }), openHost(bench, { env })]);
  }, 60_000);
  afterAll(async () => {
    await Promise.allSettled(hosts.map((host) => host.close()));
    await standIn.close();
    bench.remove();
  });

  const hostAt = (index: number) => {
    const host = hosts[index];
    if (!host) throw new Error("the hosts are open while tests run only");
    return host;
  };
  return {
    get bench() {
      return bench;
    },
    get one() {
      return hostAt(0);
    },
    get other() {
      return hostAt(1);
    },
    play(turns) {
      const prompt = `play ${played.push({ turns, asked: 0 }) - 1}.`;
      return { prompt, requests: () => standIn.requests.filter((request) => promptOf(request) === prompt) };
    },
    putWorkflow(workflow) {
      bench.writeHome(`workflows/${workflow.name}.yaml`, JSON.stringify(workflow)); // JSON is YAML too
      return workflow.name;
    },
    effects(start) {
      const file = join(bench.root, "effects.txt");
      const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
      return lines.filter((line) => line.startsWith(start));
    },
  };
}

/** Starts a run that may use every tool and returns its id. */
export async function spawnRun(host: TestHost, args: Record<string, unknown> = {}): Promise<string> {
  const { isError, structured, text } = await host.call("spawn_agent", { prompt: "go", tools: ["*"], ...args });
  if (isError) throw new Error(text);
  return structured.run_id;
}

/** The run when it has ended, or waits for its caller. */
export async function endOf(host: TestHost, runId: string): Promise<Structured["runs"][number]> {
  const { structured } = await host.call("wait_for_runs", { run_ids: [runId], wait_seconds: 30 });
  const [run] = structured.runs;
  if (!run) throw new Error(`no answer about ${runId}`);
  return run;
}

/** Spawns and waits. */
export async function runToEnd(host: TestHost, args: Record<string, unknown> = {}) {
  return await endOf(host, await spawnRun(host, args));
}

/** Resumes a run; fails where that is refused. */
export async function resume(host: TestHost, runId: string, args: Record<string, unknown> = {}): Promise<Structured> {
  const { isError, structured, text } = await host.call("resume_run", { run_id: runId, ...args });
  if (isError) throw new Error(text);
  return structured;
}

/** Resumes a run and waits for its end. */
export async function resumeToEnd(host: TestHost, runId: string, args: Record<string, unknown> = {}) {
  return await endOf(host, (await resume(host, runId, args)).run_id);
}

/** A request's conversation, one line a part: "user: …", "model: …", "call NAME", "answer NAME: …". */
export function conversationIn(request: Request): readonly string[] {
  return (request?.body.contents ?? []).flatMap(({ role, parts }) =>
    parts.map(({ text, functionCall, functionResponse }) => {
      if (functionCall) return `call ${functionCall.name}`;
      if (functionResponse) return `answer ${functionResponse.name}: ${JSON.stringify(functionResponse.response)}`;
      return `${role}: ${text}`;
    }),
  );
}

/** The names of the tools that a request offers. */
export function toolsIn(request: Request): readonly string[] {
  return (request?.body.tools ?? []).flatMap(({ functionDeclarations = [] }) =>
    functionDeclarations.map(({ name }) => name),
  );
}

/** What the calls of the turn before got, as one text. */
export function answerTextIn(request: Request): string {
  return JSON.stringify(answersIn(request));
}

/** The types of a run's events, in order. */
export async function eventTypes(host: TestHost, runId: string): Promise<readonly string[]> {
  const { structured } = await host.call("get_run", { run_id: runId, view: "events", limit: 200 });
  return structured.events.map(({ type }) => type);
}
