/** What the end-to-end tests share: a stand-in for the vendor, a counted downstream server, a host. */
import { existsSync, readFileSync } from "node:fs";
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

/** Writes the user's configuration with the counted server, and tells where that writes its effects and its stages. */
export function configureEffects(bench: Workbench, options: SandboxOptions = {}) {
  const files = { effects: join(bench.root, "effects.txt"), stages: join(bench.root, "slow.txt") };
  bench.configure(`
mcpServers:
  effects:
    command: ${process.execPath}
    args: [${EFFECT_SERVER}]
    env: { EFFECT_FILE: ${files.effects}, EFFECT_LOG: ${files.stages} }
    ${options.effectsKeys ?? ""}
${options.workspace ? "" : "  workspace: { disabled: true }"}
${options.config ?? ""}`);
  return files;
}

/** The lines of a file that may not be there. */
export function linesOf(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").filter(Boolean) : [];
}

/** Makes a sandbox for one test and clears it afterwards. */
export async function setSandbox(script: Script, options: SandboxOptions = {}): Promise<Sandbox> {
  const bench = createWorkbench();
  const files = configureEffects(bench, options);
  const standIn = await startGeminiStandIn(script);
  const hosts: TestHost[] = [];
  const env = { GEMINI_API_KEY: "test-key", GOOGLE_GEMINI_BASE_URL: standIn.url, ...options.env };
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
    effects: () => linesOf(files.effects),
    slowStages: () => linesOf(files.stages),
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
