/** Records all that a host and a user can see on one tour. */
import { createWorkbench, openHost } from "../host.js";
import { exitCodesOfRuns, exitCodesWithoutRuns, runCommands } from "./commands.js";
import { journalsOf } from "./journal.js";
import type { Json, Recording } from "./json.js";
import { createNormaliser } from "./normaliser.js";
import { fillSandbox } from "./sandbox-files.js";
import { takeTour } from "./tour.js";

/** One server for the tour, then the commands, on a home of its own. */
export async function recordAll(): Promise<Recording> {
  const bench = createWorkbench();
  fillSandbox(bench);
  const normalise = createNormaliser(bench);
  const recording = new Map<string, Json>();
  const keep = (name: string, value: unknown) => void recording.set(`${name}.json`, normalise(value));
  try {
    const host = await openHost(bench);
    const { client } = host;
    keep("initialize", {
      server: client.getServerVersion(),
      capabilities: client.getServerCapabilities(),
      instructions: client.getInstructions(),
    });
    keep("tools-list", await client.listTools());
    const others = exitCodesWithoutRuns();
    const tour = await takeTour(host, (name, value) => keep(`tour/${name}`, value));
    await host.close();
    keep("server-stderr", host.stderr());
    keep("journal", journalsOf(bench));
    const codes = await exitCodesOfRuns(bench, tour);
    for (const [name, end] of await runCommands(bench, tour)) keep(`commands/${name}`, end);
    keep("exit-codes", [...(await others), ...codes]);
    return recording;
  } finally {
    bench.remove();
  }
}
