/** Puts the runner together, for the server and for a command that works on a run. */

import { watchFiles } from "../config/files/file-changes.js";
import { inPackage } from "../config/files/package-folder.js";
import type { Log } from "../core/ports/clock-and-log.js";
import { createReadProjectFile } from "../files/read-project-file.js";
import { createJsonSchemas, JUDGE_PROGRAM } from "../json-schema/json-schema.js";
import { createRunner, type RunnerDeps } from "../runner/create-runner.js";
import type { Legwork } from "../server/tool.js";
import type { Parts } from "./create-parts.js";
import { readReply } from "./providers.js";

export interface OpenLegwork extends Legwork {
  readonly log: Log;
  /** Interrupts all runs; none starts afterwards. They are saved when this returns, because the process may be killed. */
  interrupt(reason: string): Promise<void>;
  /** Ends the downstream servers with all their processes. */
  closeServers(): Promise<void>;
  /** Closes the database, last of all. */
  closeStore(): Promise<void>;
}

function changeNotices(files: readonly string[]): readonly string[] {
  if (files.length === 0) return [];
  const [are, them] = files.length === 1 ? ["has", "it"] : ["have", "them"];
  return [`${files.join(", ")} ${are} changed since legwork read ${them}: restart legwork in your host to use ${them}`];
}

/** Opens the store and marks the runs whose process is gone; recovers none of them by itself. Rejects with StoreError. */
export async function openLegwork(parts: Parts): Promise<OpenLegwork> {
  const { paths, clock, elicit, redact, newId, secretsKnown, closeServers, closeStore } = parts;
  const { project, home } = paths;
  const { runs: store, paces } = parts.store();
  try {
    await store.interruptAbandoned();
  } catch (error) {
    await closeStore();
    throw error;
  }

  const openSetup: RunnerDeps["openSetup"] = async () => {
    const config = await parts.config();
    const changedFiles = watchFiles(config.files);
    const { conditions, definitions } = await parts.definitions();
    const setup = {
      settings: config,
      resume: config.resume,
      providers: await parts.providers(),
      downstream: await parts.servers(),
      conditions,
      definitions,
      get notices() {
        return [...config.notices, ...changeNotices(changedFiles()), ...definitions.notices];
      },
    };
    return { setup, slots: config.maxConcurrentRuns };
  };

  const log = parts.log();
  const runner = createRunner({
    project,
    store,
    paces,
    schemas: createJsonSchemas({ program: inPackage(JUDGE_PROGRAM) }),
    readReply,
    readProjectFile: createReadProjectFile({ root: project, home }),
    clock,
    log,
    redact,
    elicit,
    newId,
    openSetup,
    secretsKnown,
  });
  return {
    project,
    store,
    runner,
    readReply,
    redact,
    secretsKnown,
    newId,
    log,
    interrupt: runner.interruptAll,
    closeServers,
    closeStore,
  };
}
