/** A home that the tests of a file share: hosts on it, a counted server, and a model with a script for each prompt. */
import { afterAll, beforeAll, beforeEach, onTestFinished } from "vitest";
import { clearLines, createHome, keysFor, linesIn, type SandboxOptions } from "./agents.js";
import { type Behaviour, type GeminiStandIn, refusal, startGeminiStandIn } from "./gemini-stand-in.js";
import type { WireBody } from "./gemini-wire-check.js";
import { type HostOptions, openHost, type TestHost, type ToolResult, until, type Workbench } from "./host.js";

type Request = GeminiStandIn["requests"][number];
/** Behaviours in order, or what decides: `n` counts the requests of the prompt's runs from 1. */
export type Turns = readonly Behaviour[] | ((n: number, body: WireBody) => Behaviour | Promise<Behaviour>);

/** A model that plays its turns for the runs of one prompt, and what it was asked by them. */
export interface Played {
  readonly prompt: string;
  readonly requests: () => readonly Request[];
  /** The nth request (from 1), as soon as it is there. */
  arrived(n: number): Promise<Request>;
  /** Spawns a run with its prompt on the host, and waits unless the arguments say otherwise. */
  spawn(args?: Record<string, unknown>): Promise<ToolResult>;
}

export interface SharedHome {
  readonly bench: Workbench;
  /** The environment of the hosts: where the model answers. */
  readonly env: Readonly<Record<string, string>>;
  /** Open as long as there are tests. */
  readonly host: TestHost;
  /** One more host on the same home and project, which closes with its test. */
  open(options?: HostOptions): Promise<TestHost>;
  /** One more that is open until the home goes. */
  openForAll(options?: HostOptions): Promise<TestHost>;
  /** Takes the turns of a model that answers the runs whose first message contains one prompt; default: a new one. */
  play(turns: Turns, prompt?: string): Played;
  /** Lines that `effects__add_line` has really written since the running test began, of those that begin so. */
  effects(start?: string): readonly string[];
  /** Stages of slow calls since then, as the downstream server saw them; with `note`, of the calls that were given it. */
  slowStages(note?: string): readonly string[];
}

export interface HomeOptions extends SandboxOptions {
  /** What is done with the bench before a host is opened on it. */
  readonly before?: (bench: Workbench) => void;
}

/** The home of the tests of a file or a block. */
export function shareHome({ before, ...options }: HomeOptions = {}): SharedHome {
  const plays = createPlays();
  let bench: Workbench;
  let standIn: GeminiStandIn;
  let env: Record<string, string> = {};
  const hosts: TestHost[] = [];
  const openForAll = async (more: HostOptions = {}) => {
    const host = await openHost(bench, { ...options, ...more, env: { ...env, ...more.env } });
    hosts.push(host);
    return host;
  };

  beforeAll(async () => {
    bench = createHome(options);
    before?.(bench);
    standIn = await startGeminiStandIn((body) => plays.answer(body));
    env = { ...keysFor(standIn), ...options.env };
    await openForAll();
  });
  beforeEach(() => clearLines(bench));
  afterAll(async () => {
    await Promise.allSettled(hosts.map((host) => host.close()));
    await standIn.close();
    bench.remove();
  });

  const firstHost = () => {
    const [host] = hosts;
    if (!host) throw new Error("the host is open while tests run only");
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
      return firstHost();
    },
    openForAll,
    async open(more) {
      const host = await openForAll(more);
      onTestFinished(() => host.close());
      return host;
    },
    play(turns, prompt = plays.newPrompt()) {
      plays.add(prompt, turns);
      const requests = () => standIn.requests.filter(({ body }) => openingOf(body).includes(prompt));
      return {
        prompt,
        requests,
        arrived: (n) => until(() => requests()[n - 1]),
        spawn: (args = {}) => firstHost().call("spawn_agent", { prompt, wait_seconds: 20, ...args }),
      };
    },
    effects: (start = "") => linesIn(bench, "effects").filter((line) => line.startsWith(start)),
    slowStages: (note) =>
      note === undefined
        ? linesIn(bench, "stages")
        : linesIn(bench, "stages").flatMap((line) =>
            line.endsWith(` ${note}`) ? line.slice(0, -note.length - 1) : [],
          ),
  };
}

/** The players of a model, each of whom answers the runs of one prompt. */
function createPlays() {
  const players: { readonly prompt: string; readonly turns: Turns; asked: number }[] = [];
  return {
    newPrompt: () => `play ${players.length}.`,
    add: (prompt: string, turns: Turns) => players.push({ prompt, turns, asked: 0 }),
    async answer(body: WireBody): Promise<Behaviour> {
      const player = players.find(({ prompt }) => openingOf(body).includes(prompt));
      if (!player) return refusal(400, "nobody plays this");
      const n = ++player.asked;
      const { turns } = player;
      const turn = typeof turns === "function" ? await turns(n, body) : turns[n - 1];
      return turn ?? refusal(400, `there is no reply ${n}`);
    },
  };
}

function openingOf(body: WireBody): string {
  return body.contents[0]?.parts[0]?.text ?? "";
}
