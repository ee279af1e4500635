/** Hosts that the tests of a file share where only the model's turns and the arguments of the runs differ. */
import { rmSync } from "node:fs";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { configureEffects, linesOf, type SandboxOptions } from "./agents.js";
import { type Behaviour, type GeminiStandIn, refusal, startGeminiStandIn } from "./gemini-stand-in.js";
import type { WireBody } from "./gemini-wire-check.js";
import { createWorkbench, openHost, type TestHost, type ToolResult, type Workbench } from "./host.js";

/** Replies in order, or what decides: `n` counts the requests of the model's own runs from 1. */
export type Turns = readonly Behaviour[] | ((n: number, body: WireBody) => Behaviour);

/** A model that plays its turns for the runs of one prompt, and what it was asked by them. */
export interface Played {
  readonly prompt: string;
  readonly requests: () => GeminiStandIn["requests"];
  /** Spawns a run with its prompt on the first host, and waits unless the arguments say otherwise. */
  readonly spawn: (args?: Record<string, unknown>) => Promise<ToolResult>;
}

export interface SharedHosts {
  readonly bench: Workbench;
  /** The environment of the hosts: where the model answers. */
  readonly env: Readonly<Record<string, string>>;
  hostAt(index: number): TestHost;
  /** The first host. */
  readonly host: TestHost;
  /** Takes the turns of a model that answers the runs of one prompt. */
  play(turns: Turns): Played;
  /** Lines that `effects__add_line` has really written since the running test began. */
  effects(): readonly string[];
  /** Stages of slow calls since then, as the downstream server saw them. */
  slowStages(): readonly string[];
}

const promptOf = (body: WireBody | undefined) => body?.contents[0]?.parts[0]?.text ?? "";

/** Opens so many hosts on one home and project before the tests of a file, and closes them afterwards. */
export function shareHosts(count: number, options: SandboxOptions = {}): SharedHosts {
  const played: { turns: Turns; asked: number }[] = [];
  let bench: Workbench;
  let standIn: GeminiStandIn;
  let files = { effects: "", stages: "" };
  let hosts: readonly TestHost[] = [];
  let env: Record<string, string> = {};

  beforeAll(async () => {
    bench = createWorkbench();
    files = configureEffects(bench, options);
    standIn = await startGeminiStandIn((body) => {
      const player = played[Number(/^play (\d+)/.exec(promptOf(body))?.[1])];
      if (!player) return refusal(400, "nobody plays this");
      const n = ++player.asked;
      const { turns } = player;
      return (typeof turns === "function" ? turns(n, body) : turns[n - 1]) ?? refusal(400, `there is no reply ${n}`);
    });
    env = { GEMINI_API_KEY: "test-key", GOOGLE_GEMINI_BASE_URL: standIn.url, ...options.env };
    hosts = await Promise.all(Array.from({ length: count }, () => openHost(bench, { ...options, env })));
  }, 60_000);
  beforeEach(() => {
    for (const file of Object.values(files)) rmSync(file, { force: true });
  });
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
    get env() {
      return env;
    },
    get host() {
      return hostAt(0);
    },
    hostAt,
    play(turns) {
      const prompt = `play ${played.push({ turns, asked: 0 }) - 1}.`;
      return {
        prompt,
        requests: () => standIn.requests.filter(({ body }) => promptOf(body) === prompt),
        spawn: (args = {}) => hostAt(0).call("spawn_agent", { prompt, wait_seconds: 20, ...args }),
      };
    },
    effects: () => linesOf(files.effects),
    slowStages: () => linesOf(files.stages),
  };
}
