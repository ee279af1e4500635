/** A home that the tests of a file share: hosts on it, a counted server, and a model with a script for each prompt. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { type Behaviour, type GeminiStandIn, refusal, startGeminiStandIn } from "./gemini-stand-in.js";
import type { WireBody } from "./gemini-wire-check.js";
import type { Workbench } from "./host.js";
import { createWorkbench, EFFECT_SERVER, type HostOptions, openHost, type TestHost, until } from "./host.js";

type Request = GeminiStandIn["requests"][number];
/** Behaviours in order, or what decides: `n` counts the requests of the prompt's runs from 1. */
type Turns = readonly Behaviour[] | ((n: number, body: WireBody) => Behaviour | Promise<Behaviour>);

/** A model that plays its turns for the runs of one prompt, and what it was asked by them. */
export interface Played {
  readonly prompt: string;
  readonly requests: () => readonly Request[];
  /** The nth request (from 1), as soon as it is there. */
  arrived(n: number): Promise<Request>;
}

export interface SharedHome {
  readonly bench: Workbench;
  /** Open as long as there are tests. */
  readonly host: TestHost;
  /** One more host on the same home and project, which closes with its test. */
  open(options?: HostOptions): Promise<TestHost>;
  /** One more that is open until the home goes. */
  openForAll(options?: HostOptions): Promise<TestHost>;
  /** Takes the turns of a model that answers the runs whose first message contains one prompt; default: a new one. */
  play(turns: Turns, prompt?: string): Played;
  /** Lines that `effects__add_line` has really written, of those that begin so. */
  effects(start?: string): readonly string[];
  /** Stages of slow calls, as the downstream server saw them; with `note`, of the calls that were given it. */
  slowStages(note?: string): readonly string[];
}

export interface HomeOptions extends HostOptions {
  /** More of the user's configuration; lines that begin with two blanks are more servers. */
  readonly config?: string;
  /** More of what the configuration says of the server `effects`: one line of YAML. */
  readonly effectsKeys?: string;
  /** Whether the shipped file server is there; most tests can do without its start. */
  readonly workspace?: boolean;
  /** What is done with the bench before a host is opened on it. */
  readonly before?: (bench: Workbench) => void;
}

/** The home of the tests of a file or a block. */
export function shareHome({ before, ...options }: HomeOptions = {}): SharedHome {
  const plays = createPlays();
  let bench: Workbench;
  let standIn: GeminiStandIn;
  const hosts: TestHost[] = [];
  const openForAll = async (more: HostOptions = {}) => {
    const env = { ...keysFor(standIn), ...options.env, ...more.env };
    const host = await openHost(bench, { ...options, ...more, env });
    hosts.push(host);
    return host;
  };

  beforeAll(async () => {
    bench = createHome(options);
    before?.(bench);
    standIn = await startGeminiStandIn((body) => plays.answer(body));
    await openForAll();
  });
  afterAll(async () => {
    await Promise.allSettled(hosts.map((host) => host.close()));
    await standIn.close();
    bench.remove();
  });

  return {
    get bench() {
      return bench;
    },
    get host() {
      const [host] = hosts;
      if (!host) throw new Error("the host is open while tests run only");
      return host;
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
      return { prompt, requests, arrived: (n) => until(() => requests()[n - 1]) };
    },
    effects: (start = "") => linesIn(bench, "effects.txt").filter((line) => line.startsWith(start)),
    slowStages: (note) =>
      note === undefined
        ? linesIn(bench, "slow.txt")
        : linesIn(bench, "slow.txt").flatMap((line) =>
            line.endsWith(` ${note}`) ? line.slice(0, -note.length - 1) : [],
          ),
  };
}

/** A bench whose configuration has the counted server `effects`; whoever makes it removes it. */
export function createHome({ config = "", effectsKeys = "", workspace }: HomeOptions = {}): Workbench {
  const bench = createWorkbench();
  const env = { EFFECT_FILE: join(bench.root, "effects.txt"), EFFECT_LOG: join(bench.root, "slow.txt") };
  bench.configure(`
mcpServers:
  effects:
    command: ${process.execPath}
    args: [${EFFECT_SERVER}]
    env: ${JSON.stringify(env)}
    ${effectsKeys}
${workspace ? "" : "  workspace: { disabled: true }"}
${config}`);
  return bench;
}

/** What a host is told of the stand-in, in its environment. */
export function keysFor({ url }: GeminiStandIn): Record<string, string> {
  return { GEMINI_API_KEY: "test-key", GOOGLE_GEMINI_BASE_URL: url };
}

/** Lines of a file that a bench's server `effects` writes. */
export function linesIn({ root }: Workbench, file: "effects.txt" | "slow.txt"): readonly string[] {
  const path = join(root, file);
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n").filter(Boolean) : [];
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
