/** The effect server from the campaign's side: its address, its traps and what it has counted. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { FromEffectServer, ToEffectServer, Trap } from "./effect-server.js";

const PROGRAM = fileURLToPath(new URL("./effect-server.js", import.meta.url));

/** A call that is held where a death is due. */
export interface TrappedCall {
  readonly trap: Trap;
  readonly run: string;
  /** Lets the call go on as if nothing had been. */
  release(): void;
}

export interface Effects {
  readonly url: string;
  /** These traps, in place of those before; calls that those hold go on. */
  arm(traps: readonly Trap[]): void;
  /** The calls that these traps hold, each told once. */
  takeTrapped(): readonly TrappedCall[];
  /** How often each call was made, by its key. */
  counts(): ReadonlyMap<string, number>;
  close(): void;
}

/** Starts the process and waits until it listens. */
export async function openEffects(recordFile: string, env: Record<string, string>): Promise<Effects> {
  writeFileSync(recordFile, "");
  const child = fork(PROGRAM, [recordFile], { env, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const trapped: TrappedCall[] = [];
  let round = 0;
  const tell = (message: ToEffectServer) => void child.send(message);
  const [first] = (await once(child, "message")) as [FromEffectServer];
  if (!("port" in first)) throw new Error("the effect server did not say where it listens");
  child.on("message", (message: FromEffectServer) => {
    if (!("hit" in message) || message.round !== round) return;
    const { hit: trap, id, run } = message;
    trapped.push({ trap, run, release: () => tell({ release: id }) });
  });
  return {
    url: `http://127.0.0.1:${first.port}/mcp`,
    arm(traps) {
      trapped.length = 0;
      round += 1;
      tell({ arm: traps, round });
    },
    takeTrapped: () => trapped.splice(0),
    counts: () => countLines(readFileSync(recordFile, "utf8")),
    close: () => void child.kill("SIGKILL"),
  };
}

function countLines(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of text.split("\n")) if (key !== "") counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
