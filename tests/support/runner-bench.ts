/** A runner on a real database whose answers can be held back, with a model that the test plays. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { openDefinitions } from "../../src/composition/open-definitions.js";
import type { Elicit } from "../../src/core/ports/host.js";
import type { ModelReply, ModelRequest } from "../../src/core/ports/provider.js";
import type { RunStore } from "../../src/core/ports/run-store.js";
import { REDACT_NOTHING } from "../../src/core/redact.js";
import { NO_ALLOWANCE } from "../../src/core/run/budget.js";
import type { Price } from "../../src/core/run/cost.js";
import { DEFAULT_LIMITS } from "../../src/core/run/limits.js";
import type { RawReply, ReplyContent } from "../../src/core/run/message.js";
import type { Run } from "../../src/core/run/run.js";
import { createDownstream } from "../../src/downstream/pool/pool.js";
import { untilAborted } from "../../src/lib/until-aborted.js";
import { createRunner, type Runner } from "../../src/runner/create-runner.js";
import { openStore } from "../../src/store/sqlite/open-store.js";
import { type GatedStore, gate } from "./gated-store.js";
import { builtJsonSchemas } from "./json-schemas.js";

/** A reply of the model: what it says and calls; it completes where it says nothing of both. */
export interface Said {
  readonly text?: string;
  readonly calls?: readonly (readonly [name: string, args: object])[];
}

/** The model: told the run's first message and how often it was asked in that run before. */
export type PlayModel = (task: string, turn: number, request: ModelRequest) => Said | Promise<Said>;

export interface RunnerOptions {
  readonly model?: PlayModel;
  readonly slots?: number;
  readonly depth?: number;
  readonly elicit?: Elicit;
  /** Of each reply. */
  readonly costUsd?: number;
}

export interface OneRunner extends GatedStore {
  readonly runner: Runner;
  /** The tasks of the runs whose model was asked, in order. */
  readonly asked: readonly string[];
  start(prompt: string, args?: object): Promise<Run>;
}

const TOKENS = { input: 1_000_000, output: 0, cached: 0, thinking: 0 };
export const COMPLETES: Said = { calls: [["complete", { status: "success", result: "done" }]] };
/** A reply that never comes. */
export const NEVER = new Promise<Said>(() => {});
const readReply = (raw: RawReply): ReplyContent => raw.content as ReplyContent;
const LOG = { debug() {}, info() {}, warn() {}, error() {} };

/** A database with as many runners on it as the test opens, each as a process of its own. */
export function setRunners() {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "legwork-runner-")));
  const [home, project] = [join(root, "home"), join(root, "project")];
  for (const folder of [home, project]) mkdirSync(folder);
  const file = join(home, "legwork.db");
  const open: { readonly runner: Runner; readonly store: RunStore }[] = [];
  let owners = 0;
  let made = 0;
  const newId = (prefix: string) => `${prefix}_${++made}`;
  onTestFinished(async () => {
    for (const { runner } of open) await runner.interruptAll("the test is over").catch(() => {});
    for (const { store } of open) await store.close();
    rmSync(root, { recursive: true, force: true });
  });

  /** The runner of one more process. */
  async function openRunner(options: RunnerOptions = {}): Promise<OneRunner> {
    const clock = { now: Date.now };
    const { runs, catalogs, pins, paces } = openStore(file, clock, {
      own: `process ${++owners}`,
      isProvablyDead: () => false,
    });
    const gated = gate(runs);
    const asked: string[] = [];
    const elicit: Elicit = options.elicit ?? (async () => ({ action: "cancel", by: "nobody" }));
    const paths = { home, userHome: root, project, folders: [""], databaseFile: file, env: {} };
    const { conditions, definitions } = await openDefinitions(paths);
    const downstream = createDownstream([], [], {
      baseEnv: {},
      clientVersion: "0",
      command: "legwork",
      project,
      log: LOG,
      redact: REDACT_NOTHING,
      cache: catalogs,
      pins,
      disabledServers: [],
      elicit,
    });
    const price: Price | null = options.costUsd === undefined ? null : { input: options.costUsd, output: 0, cached: 0 };
    const allowances = { session: NO_ALLOWANCE, day: NO_ALLOWANCE };
    const limits = { ...DEFAULT_LIMITS, maxDepth: options.depth ?? 2 };
    const runner = createRunner({
      project,
      store: gated.store,
      paces,
      schemas: builtJsonSchemas(),
      readReply,
      readProjectFile: async () => ({ kind: "fault", fault: "there are no files here" }),
      clock,
      log: LOG,
      redact: REDACT_NOTHING,
      elicit,
      newId,
      secretsKnown: async () => {},
      openSetup: async () => ({
        slots: options.slots ?? 8,
        setup: {
          resume: "auto",
          settings: {
            provider: "played",
            model: "m",
            fallbackModels: [],
            aliases: {},
            tools: null,
            blockedTools: [],
            limits,
            allowances,
          },
          providers: [
            {
              name: "played",
              defaultModel: "m",
              ready: true,
              keyVariable: null,
              fault: null,
              account: null,
              modelNames: "plain",
              mostTools: null,
              windowOf: () => null,
              namesModel: () => false,
              priceOf: () => price,
              check: async () => {},
              open: async () => ({ reply: (request, signal) => untilAborted(reply(request), signal) }),
            },
          ],
          definitions,
          conditions,
          downstream,
          notices: [],
        },
      }),
    });

    async function reply(request: ModelRequest): Promise<ModelReply> {
      const [first] = request.messages;
      const task = first?.role === "user" ? first.text : "";
      asked.push(task);
      const turn = request.messages.filter(({ role }) => role === "assistant").length + 1;
      const { text = "", calls = [] } = (await options.model?.(task, turn, request)) ?? COMPLETES;
      const content = { text, calls: calls.map(([name, args]) => ({ id: null, name, arguments: args })) };
      return { ok: true, raw: { provider: "played", model: "m", content }, usage: TOKENS };
    }

    open.push({ runner, store: runs });
    const session = { id: newId("ses"), clientName: "a test", clientVersion: "0" };
    const { signal } = new AbortController();
    return {
      ...gated,
      runner,
      asked,
      start: async (prompt, args = {}) => (await runner.start({ prompt, ...args }, { session, signal })).run,
    };
  }

  return { openRunner, project };
}
