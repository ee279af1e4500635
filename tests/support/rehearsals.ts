/** What the tests share whose agents are played by scripts: a bench that clears itself, scripts, and their runs. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, onTestFinished } from "vitest";
import { createWorkbench, EFFECT_SERVER, type HostOptions, openHost, type TestHost, type Workbench } from "./host.js";

export const HOSTILE_SERVER = resolve(import.meta.dirname, "hostile-server.mjs");

interface ScriptedCall {
  readonly tool: string;
  readonly arguments?: object;
}

export interface ScriptedReply {
  readonly text?: string;
  readonly calls?: readonly ScriptedCall[];
  readonly delay_ms?: number;
  readonly repeat?: number;
  readonly usage?: Readonly<Record<"input" | "output", number>>;
}

/** A bench that vanishes with its test. */
export function setBench(): Workbench {
  const bench = createWorkbench();
  onTestFinished(() => bench.remove());
  return bench;
}

/** A host that closes with its test. */
export async function setHost(bench: Workbench, options: HostOptions = {}): Promise<TestHost> {
  const host = await openHost(bench, options);
  onTestFinished(() => host.close());
  return host;
}

/** Writes the script NAME into the user's rehearsals. */
export function rehearse(bench: Workbench, name: string, replies: readonly ScriptedReply[]): void {
  const folder = join(bench.home, "rehearsals");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.yaml`), JSON.stringify({ replies })); // JSON is YAML too
}

/** A script that makes the given calls, one a turn, and answers "done". */
export function rehearseCalls(bench: Workbench, name: string, calls: readonly ScriptedCall[]): void {
  rehearse(bench, name, [...calls.map((call) => ({ calls: [call] })), { text: "done" }]);
}

/** Spawns on a script, waits for the end and returns the run's answer; the call itself must not fail. */
export async function runScript(host: TestHost, model: string, args: Record<string, unknown> = {}) {
  const request = { prompt: "play", provider: "rehearsal", model, wait_seconds: 40, ...args };
  const answer = await host.call("spawn_agent", request, { timeout: 50_000 });
  expect(answer.structured).not.toHaveProperty("error.code", "configuration");
  expect(answer.isError, answer.text).toBe(false);
  return answer.structured;
}

/** What a run's tools answered or why they were refused, in order. */
export async function toolTexts(host: TestHost, runId: string): Promise<readonly string[]> {
  const { structured } = await host.call("get_run", { run_id: runId, view: "messages" });
  const messages = structured.messages as { role: string; results?: { text: string }[] }[];
  return messages.flatMap(({ results }) => results ?? []).map(({ text }) => text);
}

/** Each tool of a run's catalog with the rule that decided. */
export async function accessOf(host: TestHost, runId: string) {
  const { structured } = await host.call("get_run", { run_id: runId, view: "access", limit: 200 });
  const access = structured.access as { tool: string; allowed: boolean; rule: string }[];
  return new Map(access.map(({ tool, allowed, rule }) => [tool, { allowed, rule }]));
}

/** What the user's configuration says where no run needs a server, not even the shipped one. */
export const NO_SERVERS = "mcpServers: { workspace: { disabled: true } }\n";

/** An mcpServers entry of the small counted server, as one line of YAML. */
export function effectServer(env: Record<string, string> = {}): string {
  return JSON.stringify({ command: process.execPath, args: [EFFECT_SERVER], env });
}

/** An mcpServers entry of a server that misbehaves, as one line of YAML. */
export function hostileServer(mode: string, env: Record<string, string> = {}): string {
  return JSON.stringify({ command: process.execPath, args: [HOSTILE_SERVER, mode], env });
}

/** An mcpServers entry whose command leaves a mark as soon as it is started. */
export function markingServer(mark: string): string {
  const code = `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "started")`;
  return JSON.stringify({ command: process.execPath, args: ["-e", code] });
}
