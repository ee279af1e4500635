/** A sandbox with one server that misbehaves beside a good one, and two runs: one that meets it and one that does not. */
import { resolve } from "node:path";
import { afterAll, expect } from "vitest";
import { call, type Sandbox, says, setSandbox, text } from "./agents.js";
import type { WireBody, WirePart } from "./gemini-wire-check.js";
import { type HostOptions, type RunAnswer, type TestHost, until, type Workbench } from "./host.js";
import { processesOf } from "./leftovers.js";
import { shareHome } from "./shared-home.js";

const HOSTILE_SERVER = resolve(import.meta.dirname, "hostile-server.mjs");
const LEFT_MS = 3_000; // where a busy machine let legwork's own time pass, its helper does the rest
const MEETS = "work with the hostile server";

/** An entry of the server `hostile`, or another name, in the given mode. */
export function hostileEntry(mode: string, args: readonly string[] = [], more: object = {}, name = "hostile"): string {
  return entry(name, { command: process.execPath, args: [HOSTILE_SERVER, mode, ...args], ...more });
}

/** An entry of the server `hostile`, or another name, behind a URL. */
export function remoteEntry(url: string, more: object = {}, name = "hostile"): string {
  return entry(name, { url, ...more });
}

function entry(name: string, fields: object): string {
  return `  ${name}: ${JSON.stringify(fields)}\n`; // JSON is YAML too
}

/** Two runs: one meets the hostile server, the other must not notice. */
export interface Meeting {
  /** Both runs from beginning to end. */
  /** `tools` is the pattern of those that the run may use; default: all of the server. */
  play(tools?: string): Promise<Played>;
  /** Why the server is not as it should be, as list_agents shows it. */
  problem(): Promise<Problem>;
}

interface Problem {
  readonly state: string;
  readonly code?: string;
  readonly message?: string;
  readonly remedy?: string;
}

export interface HostileSandbox extends Sandbox, Meeting {
  /** Ends the host and tells how many milliseconds that took; fails unless everything that was started is gone. */
  endClean(): Promise<number>;
}

interface Played {
  readonly status: string;
  readonly runId: string;
  readonly warnings: readonly string[];
  readonly effects: RunAnswer["effects"];
  /** What each call got, in order; a call that was refused has the reason as its text. */
  readonly calls: readonly { readonly tool: string; readonly code?: string; readonly isError: boolean }[];
  /** The same as the model read it. */
  readonly answers: readonly string[];
}

/** `turns` are the replies of the run that meets the hostile server; afterwards it uses the good one and is done. */
export async function setHostileSandbox(
  server: string,
  turns: Turns,
  options: HostOptions = {},
): Promise<HostileSandbox> {
  const [meeting, other] = [meetingReplies(turns), otherReplies()];
  const sandbox = await setSandbox((body) => (meets(body) ? meeting : other)(turnOf(body)), {
    ...options,
    config: server,
  });
  const { host, bench, standIn } = sandbox;
  return {
    ...sandbox,
    ...meetingOf({
      host,
      server: "hostile",
      prompts: [MEETS, "work"],
      effects: sandbox.effects,
      bodies: () => standIn.requests.map(({ body }) => body).filter(meets),
    }),
    endClean: () => endClean(host, bench),
  };
}

/** One host for the tests of a file, beside servers of which each test meets one: `entries` are lines of YAML. */
export function shareHostileServers(entries: string, options: HostOptions = {}) {
  // Registered first, because vitest runs these hooks in reverse order.
  afterAll(() => expectNothingLeft(shared.bench));
  const shared = shareHome({ ...options, config: entries });
  return {
    get host() {
      return shared.host;
    },
    get bench() {
      return shared.bench;
    },
    meet(server: string, turns: Turns) {
      const meeting = shared.play((n) => meetingReplies(turns)(n - 1));
      const other = shared.play((n) => otherReplies()(n - 1));
      const bodies = () => meeting.requests().map(({ body }) => body);
      const prompts = [meeting.prompt, other.prompt] as const;
      return {
        ...meetingOf({ host: shared.host, server, prompts, effects: shared.effects, bodies }),
        /** What the model was sent by the run that meets the server. */
        bodies,
      };
    },
  };
}

type Turns = readonly (readonly WirePart[])[];

const repliesOf = (turns: Turns) => (index: number) => says(...(turns[index] ?? [text("done")]));
const meetingReplies = (turns: Turns) =>
  repliesOf([...turns, [call("effects__add_line", { text: "after the hostile server" })]]);
const otherReplies = () => repliesOf([[call("effects__add_line", { text: "the other run" })]]);

interface MeetingDeps {
  readonly host: TestHost;
  readonly server: string;
  /** Of the run that meets the server, and of the other one. */
  readonly prompts: readonly [string, string];
  readonly effects: () => readonly string[];
  /** Of the run that meets the server. */
  readonly bodies: () => readonly WireBody[];
}

function meetingOf({ host, server, prompts, effects, bodies }: MeetingDeps): Meeting {
  const spawn = async (prompt: string, tools: readonly string[]) => {
    const args = { prompt, tools, wait_seconds: 50 };
    return (await host.call("spawn_agent", args, { timeout: 60_000 })).structured;
  };
  return {
    async play(tools = `${server}__*`) {
      const otherRun = spawn(prompts[1], ["effects__*"]);
      const { run_id: runId, status, warnings, effects: made } = await spawn(prompts[0], ["effects__*", tools]);
      const { status: otherStatus, warnings: otherWarnings } = await otherRun;
      expect(otherStatus).toBe("success");
      expect(otherWarnings).toEqual([]); // it has nothing to do with the hostile server
      expect(effects()).toEqual(expect.arrayContaining(["the other run", "after the hostile server"]));
      const { structured } = await host.call("get_run", { run_id: runId, view: "events", limit: 200 });
      const calls = structured.events.flatMap(({ type, tool = "", code, is_error = true }) => {
        if (type !== "tool_call_finished" && type !== "tool_call_refused") return [];
        return [{ tool, isError: is_error, ...(code === undefined ? {} : { code }) }];
      });
      return { status, runId, warnings, effects: made, calls, answers: answersIn(bodies().at(-1)) };
    },
    async problem() {
      const { structured } = await host.call("list_agents", { server });
      const { server: shown } = structured as unknown as { server: { state: string; problem: object | null } };
      return { state: shown.state, ...shown.problem };
    },
  };
}

async function endClean(host: TestHost, bench: Workbench): Promise<number> {
  const begun = Date.now();
  await host.close();
  const milliseconds = Date.now() - begun;
  await expectNothingLeft(bench);
  return milliseconds;
}

async function expectNothingLeft(bench: Workbench): Promise<void> {
  const isEmpty = () => processesOf(bench).length === 0;
  await until(isEmpty, LEFT_MS).catch(() => expect(processesOf(bench)).toEqual([]));
}

function meets({ contents }: WireBody): boolean {
  return JSON.stringify(contents[0]).includes(MEETS);
}

function turnOf({ contents }: WireBody): number {
  return contents.filter(({ role }) => role === "model").length;
}

/** The whole conversation, of the last request. */
function answersIn(body: WireBody | undefined): readonly string[] {
  const parts = (body?.contents ?? []).flatMap((content) => content.parts);
  return parts.flatMap(({ functionResponse }) => (functionResponse ? [JSON.stringify(functionResponse.response)] : []));
}
