/** The home and the project of the campaign, in a temporary folder that is removed when this process exits. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Chance } from "./chance.js";
import { EFFECT_PROGRAM } from "./open-effects.js";
import {
  ASKED,
  ASKED_WORKFLOW,
  EFFECT_SERVER,
  LED,
  LED_WORKFLOW,
  LOCAL_SERVER,
  type ScriptedReply,
} from "./scenarios.js";

export interface Sandbox {
  readonly root: string;
  readonly project: string;
  readonly databaseFile: string;
  readonly recordFile: string;
  /** The environment of the servers, without the user's keys, homes and settings. */
  readonly env: Record<string, string>;
  /** Writes a configuration with two downstream servers: one at `url`, and one that each legwork process starts. */
  configure(url: string): void;
  /** Writes the rehearsal script `name`. */
  rehearse(name: string, replies: readonly ScriptedReply[]): void;
  /** Keeps the folder when this process exits. */
  keep(): void;
}

export const RUNS_AT_ONCE = 12; // those of a stopped server wait for the end of their leases
const LONGEST_REPLY_MS = 120; // of a rehearsed model

const PLENTY = 100_000; // USD
const USAGE = { input: 1_000, output: 20 };

export function createSandbox(path: string, chance: Chance): Sandbox {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "legwork-selftest-")));
  const [home, project] = [join(root, "home"), join(root, "project")];
  const [rehearsals, workflows] = [join(home, "rehearsals"), join(home, "workflows")];
  for (const folder of [rehearsals, workflows, join(project, ".git")]) mkdirSync(folder, { recursive: true });
  // JSON is YAML too.
  const write = (folder: string, name: string, value: object) =>
    writeFileSync(join(folder, `${name}.yaml`), JSON.stringify(value));
  const remove = () => rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  process.once("exit", remove);
  write(workflows, LED, LED_WORKFLOW);
  write(workflows, ASKED, ASKED_WORKFLOW);
  const recordFile = join(root, "calls-made.txt");
  return {
    root,
    project,
    databaseFile: join(home, "legwork.db"),
    recordFile,
    env: { PATH: path, HOME: root, LEGWORK_HOME: home },
    configure(url) {
      write(home, "config", {
        mcpServers: {
          [EFFECT_SERVER]: { url },
          [LOCAL_SERVER]: { command: process.execPath, args: [EFFECT_PROGRAM, recordFile, "--stdio"] },
        },
        // Each request reserves a part of limits that are never reached.
        prices: { rehearsal: { "*": { input: 1, output: 1 } } },
        limits: {
          max_concurrent_runs: RUNS_AT_ONCE,
          max_depth: 2,
          max_cost_usd: PLENTY,
          day: { max_cost_usd: PLENTY },
        },
      });
    },
    rehearse(name, replies) {
      const paced = replies.map((reply) => ({ ...reply, usage: USAGE, delay_ms: chance.between(0, LONGEST_REPLY_MS) }));
      write(rehearsals, name, { replies: paced });
    },
    keep: () => void process.off("exit", remove),
  };
}
