/** What the end-to-end tests share: a stand-in for the vendor, a counted downstream server, a host. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type GeminiStandIn, reply, type Script, startGeminiStandIn } from "./gemini-stand-in.js";
import type { WirePart } from "./gemini-wire-check.js";
import { createWorkbench, EFFECT_SERVER, type HostOptions, openHost, type TestHost, type Workbench } from "./host.js";

export interface Sandbox {
  readonly bench: Workbench;
  readonly standIn: GeminiStandIn;
  readonly host: TestHost;
  /** Lines that `effects__add_line` has really written. */
  effects(): readonly string[];
  /** Stages of slow calls, as the downstream server saw them. */
  slowStages(): readonly string[];
  /** One more host on the same home and project. */
  anotherHost(options?: HostOptions): Promise<TestHost>;
}

export interface SandboxOptions extends HostOptions {
  /** More of the user's configuration; lines that begin with two blanks are more servers. */
  readonly config?: string;
  /** More of what the configuration says of the server `effects`: one line of YAML. */
  readonly effectsKeys?: string;
  /** Whether the shipped file server is there; most tests can do without its start. */
  readonly workspace?: boolean;
}

/** A bench whose configuration has the counted server `effects`; the caller removes it. */
export function createHome(options: SandboxOptions = {}): Workbench {
  const bench = createWorkbench();
  bench.configure(`
mcpServers:
  effects:
    command: ${process.execPath}
    args: [${EFFECT_SERVER}]
    env: { EFFECT_FILE: ${fileOf(bench, "effects")}, EFFECT_LOG: ${fileOf(bench, "stages")} }
    ${options.effectsKeys ?? ""}
${options.workspace ? "" : "  workspace: { disabled: true }"}
${options.config ?? ""}`);
  return bench;
}

/** Lines that `effects__add_line` has really written, or the stages of slow calls. */
export function linesIn(bench: Workbench, kind: "effects" | "stages"): readonly string[] {
  const file = fileOf(bench, kind);
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").filter(Boolean) : [];
}

export function clearLines(bench: Workbench): void {
  for (const kind of ["effects", "stages"] as const) rmSync(fileOf(bench, kind), { force: true });
}

function fileOf({ root }: Workbench, kind: "effects" | "stages"): string {
  return join(root, `${kind}.txt`);
}

/** The environment in which a host asks the stand-in. */
export function keysFor({ url }: GeminiStandIn): Record<string, string> {
  return { GEMINI_API_KEY: "test-key", GOOGLE_GEMINI_BASE_URL: url };
}

/** Makes a sandbox for one test and clears it afterwards. */
export async function setSandbox(script: Script, options: SandboxOptions = {}): Promise<Sandbox> {
  const bench = createHome(options);
  const standIn = await startGeminiStandIn(script);
  const hosts: TestHost[] = [];
  const env = { ...keysFor(standIn), ...options.env };
  const open = async (more: HostOptions = {}) => {
    const host = await openHost(bench, { ...options, ...more, env: { ...env, ...more.env } });
    hosts.push(host);
    return host;
  };
  onTestFinished(async () => {
    await Promise.allSettled(hosts.map((host) => host.close()));
    await standIn.close();
    bench.remove();
  });
  return {
    bench,
    standIn,
    host: await open(),
    effects: () => linesIn(bench, "effects"),
    slowStages: () => linesIn(bench, "stages"),
    anotherHost: open,
  };
}

export const call = (name: string, args: object = {}): WirePart => ({ functionCall: { name, args } }) as WirePart;
export const text = (said: string): WirePart => ({ text: said }) as WirePart;
export const says = (...parts: WirePart[]) => reply(parts);

/** What the calls of the turn before got, as the model would read it, whatever was said after them. */
export function answersIn(request: { body: { contents?: readonly { parts?: readonly WirePart[] }[] } } | undefined) {
  const answers = (request?.body.contents ?? []).map(({ parts = [] }) =>
    parts.flatMap((part) => (part.functionResponse ? [part.functionResponse] : [])),
  );
  return answers.findLast((found) => found.length > 0) ?? [];
}
