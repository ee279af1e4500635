/** What the tests of resuming share: runs that end in every way, and what the model is then told. */
import { beforeAll } from "vitest";
import { answersIn } from "./agents.js";
import type { GeminiStandIn } from "./gemini-stand-in.js";
import type { Structured, TestHost } from "./host.js";
import { type SharedHome, shareHome } from "./shared-home.js";

type Request = GeminiStandIn["requests"][number] | undefined;

export interface TwoHosts extends Omit<SharedHome, "host"> {
  /** Begins the runs. */
  readonly one: TestHost;
  /** Goes on with them: another process on the same home and project. */
  readonly other: TestHost;
  /** Writes a workflow of the user and returns its name. */
  putWorkflow(workflow: { readonly name: string; readonly steps: readonly object[] }): string;
}

/** Two hosts for the tests of a file, on one database; `config` is more of what the user's configuration says. */
export function shareTwoHosts(config = ""): TwoHosts {
  const home = shareHome({ config });
  let other: TestHost;
  beforeAll(async () => {
    other = await home.openForAll();
  });
  return {
    open: home.open,
    openForAll: home.openForAll,
    play: home.play,
    effects: home.effects,
    slowStages: home.slowStages,
    get bench() {
      return home.bench;
    },
    get env() {
      return home.env;
    },
    get one() {
      return home.host;
    },
    get other() {
      return other;
    },
    putWorkflow(workflow) {
      home.bench.writeHome(`workflows/${workflow.name}.yaml`, JSON.stringify(workflow)); // JSON is YAML too
      return workflow.name;
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
