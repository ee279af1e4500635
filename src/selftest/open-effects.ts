/** The campaign's side of the effect server: its address, its kill points and its counts. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { CallPoint, FromEffectServer, ToEffectServer } from "./effect-server.js";

/** The program of the effect server. */
export const EFFECT_PROGRAM = fileURLToPath(new URL("./effect-server.js", import.meta.url));

/** A call that the effect server holds at a kill point. */
export interface HeldCall {
  readonly point: CallPoint;
  readonly run: string;
  /** Lets the server continue with the call. */
  release(): void;
}

export interface Effects {
  readonly url: string;
  readonly pid: number;
  /** Replaces the armed points and releases the calls held at earlier ones. */
  arm(points: readonly CallPoint[]): void;
  /** The calls held at the armed points; returns each call once. */
  takeHeld(): readonly HeldCall[];
  /** How often the server made each call, by its key. */
  counts(): ReadonlyMap<string, number>;
  close(): void;
}

/** Starts the effect server and waits until it listens. `recordFile` gets a line for each call. */
export async function openEffects(recordFile: string, env: Record<string, string>): Promise<Effects> {
  writeFileSync(recordFile, "");
  const child = fork(EFFECT_PROGRAM, [recordFile], { env, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const held: HeldCall[] = [];
  let round = 0;
  const send = (message: ToEffectServer) => void child.send(message);
  const [first] = (await once(child, "message")) as [FromEffectServer];
  if (first.kind !== "listening") throw new Error("the effect server did not say where it listens");
  child.on("message", (message: FromEffectServer) => {
    if (message.kind !== "hit" || message.round !== round) return;
    const { point, id, run } = message;
    held.push({ point, run, release: () => send({ kind: "release", id }) });
  });
  return {
    pid: child.pid ?? -1,
    url: `http://127.0.0.1:${first.port}/mcp`,
    arm(points) {
      held.length = 0;
      round += 1;
      send({ kind: "arm", points, round });
    },
    takeHeld: () => held.splice(0),
    counts: () => countLines(readFileSync(recordFile, "utf8")),
    close: () => void child.kill("SIGKILL"),
  };
}

function countLines(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of text.split("\n")) if (key !== "") counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
