/** A sandbox with one server that misbehaves beside a good one, and two runs: one that meets it and one that does not. */
import { resolve } from "node:path";
import { expect } from "vitest";
import { call, type Sandbox, says, setSandbox, text } from "./agents.js";
import type { WireBody, WirePart } from "./gemini-wire-check.js";
import { type HostOptions, type RunAnswer, until } from "./host.js";
import { processesOf } from "./leftovers.js";

const HOSTILE_SERVER = resolve(import.meta.dirname, "hostile-server.mjs");
const LEFT_MS = 3_000; // where a busy machine let legwork's own time pass, its helper does the rest
const MEETS = "work with the hostile server";

/** An entry of the server `hostile` in the given mode. */
export function hostileEntry(mode: string, args: readonly string[] = [], more: object = {}): string {
  return entry({ command: process.execPath, args: [HOSTILE_SERVER, mode, ...args], ...more });
}

/** An entry of the server `hostile` behind a URL. */
export function remoteEntry(url: string, more: object = {}): string {
  return entry({ url, ...more });
}

function entry(fields: object): string {
  return `  hostile: ${JSON.stringify(fields)}\n`; // JSON is YAML too
}

export interface HostileSandbox extends Sandbox {
  /** Both runs from beginning to end. */
  play(): Promise<Played>;
  /** Why the server is not as it should be, as list_agents shows it. */
  problem(): Promise<{ readonly state: string; readonly code?: string; readonly message?: string }>;
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
  turns: readonly (readonly WirePart[])[],
  options: HostOptions = {},
): Promise<HostileSandbox> {
  const last = [call("effects__add_line", { text: "after the hostile server" })];
  const meeting = [...turns, last];
  const other = [[call("effects__add_line", { text: "the other run" })]];
  const sandbox = await setSandbox(
    (body) => {
      const parts = (meets(body) ? meeting : other)[turnOf(body)];
      return parts ? says(...parts) : says(text("done"));
    },
    { ...options, config: server },
  );
  const { host, bench, standIn } = sandbox;
  const spawn = async (prompt: string, tools: readonly string[]) => {
    const args = { prompt, tools, wait_seconds: 50 };
    return (await host.call("spawn_agent", args, { timeout: 60_000 })).structured;
  };
  return {
    ...sandbox,
    async play() {
      const otherRun = spawn("work", ["effects__*"]);
      const { run_id: runId, status, warnings, effects } = await spawn(MEETS, ["effects__*", "hostile__*"]);
      const { status: otherStatus, warnings: otherWarnings } = await otherRun;
      expect(otherStatus).toBe("success");
      expect(otherWarnings).toEqual([]); // it has nothing to do with the hostile server
      expect(sandbox.effects()).toEqual(expect.arrayContaining(["the other run", "after the hostile server"]));
      const { structured } = await host.call("get_run", { run_id: runId, view: "events", limit: 200 });
      const calls = structured.events.flatMap(({ type, tool = "", code, is_error = true }) => {
        if (type !== "tool_call_finished" && type !== "tool_call_refused") return [];
        return [{ tool, isError: is_error, ...(code === undefined ? {} : { code }) }];
      });
      const answers = answersIn(standIn.requests.map(({ body }) => body));
      return { status, runId, warnings, effects, calls, answers };
    },
    async problem() {
      const { structured } = await host.call("list_agents", { server: "hostile" });
      const { server } = structured as unknown as { server: { state: string; problem: object | null } };
      return { state: server.state, ...server.problem };
    },
    async endClean() {
      const begun = Date.now();
      await host.close();
      const milliseconds = Date.now() - begun;
      const isEmpty = () => processesOf(bench).length === 0;
      await until(isEmpty, LEFT_MS).catch(() => expect(processesOf(bench)).toEqual([]));
      return milliseconds;
    },
  };
}

function meets({ contents }: WireBody): boolean {
  return JSON.stringify(contents[0]).includes(MEETS);
}

function turnOf({ contents }: WireBody): number {
  return contents.filter(({ role }) => role === "model").length;
}

/** Of the last request the whole conversation. */
function answersIn(bodies: readonly WireBody[]): readonly string[] {
  const contents = bodies.findLast(meets)?.contents ?? [];
  const parts = contents.flatMap((content) => content.parts);
  return parts.flatMap(({ functionResponse }) => (functionResponse ? [JSON.stringify(functionResponse.response)] : []));
}
