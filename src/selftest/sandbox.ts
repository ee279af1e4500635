/** Where the campaign takes place: a home and a project of its own, in a temporary folder that goes with this process. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EFFECT_SERVER, LED, LED_WORKFLOW, type ScriptedReply } from "./scenarios.js";
import type { Chance } from "./seeded.js";

export interface Stage {
  readonly root: string;
  readonly project: string;
  readonly databaseFile: string;
  readonly recordFile: string;
  /** The environment of the servers: nothing of the user's own keys, homes or settings. */
  readonly env: Record<string, string>;
  /** Writes the configuration: one downstream server, at that address. */
  configure(url: string): void;
  /** Writes the script of that name. */
  rehearse(name: string, replies: readonly ScriptedReply[]): void;
  /** Leaves the folder behind when this process ends. */
  keep(): void;
}

export const RUNS_AT_ONCE = 8;
const LONGEST_THOUGHT_MS = 120; // of the model that a script plays

export function createStage(path: string, chance: Chance): Stage {
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
  return {
    root,
    project,
    databaseFile: join(home, "legwork.db"),
    recordFile: join(root, "calls-made.txt"),
    env: { PATH: path, HOME: root, LEGWORK_HOME: home },
    configure(url) {
      write(home, "config", {
        mcpServers: { [EFFECT_SERVER]: { url } },
        limits: { max_concurrent_runs: RUNS_AT_ONCE },
      });
    },
    rehearse(name, replies) {
      const paced = replies.map((reply) => ({ ...reply, delay_ms: chance.between(0, LONGEST_THOUGHT_MS) }));
      write(rehearsals, name, { replies: paced });
    },
    keep: () => void process.off("exit", remove),
  };
}
