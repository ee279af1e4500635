/** A run of two steps, with other tools and rules in each. */
import { afterAll, beforeAll } from "vitest";
import { createWorkbench, openHost, type TestHost, type Workbench } from "./host.js";
import { effectServer, rehearse, runScript, setBench, setHost } from "./rehearsals.js";

const FENCE = `
description: Reads, then writes.
steps:
  - name: look
    allowed_tools: [effects__read_lines]
    rules:
      - {name: not too often, when: step_action_count >= 5, action: block, message: "Enough\\nis read."}
      - {name: gently, action: warn}
  - name: change
    allowed_tools: [read_only, effects__add_line]
    blocked_tools: [effects__slow]
    rules:
      - {name: short lines, when: args.text.size() > 5, action: block}
`;

const call = (tool: string, args: object = {}) => ({ calls: [{ tool, arguments: args }] });

/** Plays the run to its end: it reads, goes on, is refused a long line, writes a short one and completes. */
export async function playFencedRun() {
  const bench = setBench();
  setFence(bench);
  const host = await setHost(bench);
  return { bench, host, run_id: await playIt(host) };
}

/** The same, once for the tests of a file; `servers` are more entries of YAML, by the folder of the bench. */
export function shareFencedRun(servers: (root: string) => string = () => "") {
  let bench: Workbench;
  let host: TestHost;
  let run_id = "";
  beforeAll(async () => {
    bench = createWorkbench();
    setFence(bench, servers(bench.root));
    host = await openHost(bench);
    run_id = await playIt(host);
  });
  afterAll(async () => {
    await host.close();
    bench.remove();
  });
  return () => ({ bench, host, run_id });
}

function setFence(bench: Workbench, more = ""): void {
  const effects = effectServer({ EFFECT_FILE: `${bench.root}/effects.txt` });
  bench.configure(`mcpServers: { effects: ${effects}, workspace: { disabled: true }, ${more} }`);
  bench.writeHome("workflows/fence.yaml", FENCE);
  rehearse(bench, "fenced", [
    call("effects__read_lines"),
    call("request_step", { to: "change" }),
    call("effects__add_line", { text: "much too long" }),
    call("effects__add_line", { text: "short" }),
    call("complete", { status: "success", result: "wrote\u001b[2J it" }),
  ]);
}

async function playIt(host: TestHost): Promise<string> {
  const { run_id } = await runScript(host, "fenced", { workflow: "fence", title: "fenced \u001b[31mrun" });
  return run_id;
}
