/** One request to a model: what a silence and a stop of the run make of it. */
import { expect, it } from "vitest";
import { requestReply } from "../../../../src/runner/loop/request-reply.js";
import { createStallTimer } from "../../../../src/runner/state/stall-timer.js";

/** Asks a model that is silent until its request is broken off; the run stalls after so many milliseconds. */
function askMute(stallMs: number, run = new AbortController()) {
  const stall = createStallTimer(stallMs, () => run.abort("stalled"));
  const provider = {
    reply: (_: unknown, signal: AbortSignal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("broken off")))),
  };
  const [asked, context, request] = [
    { provider, name: { provider: "p", model: "mute" } },
    { request: { limits: { stallSeconds: 7 } }, signal: run.signal, stall },
    { system: "", messages: [], tools: [] },
  ] as unknown as [Parameters<typeof requestReply>[0], Parameters<typeof requestReply>[2], never];
  return { reply: requestReply(asked, request, context).finally(stall.stop), run };
}

it("fails after a silence, which does not stop the run", async () => {
  const { reply, run } = askMute(5);
  await expect(reply).resolves.toMatchObject({ code: "stalled", message: "mute was silent for 7 s (stall_seconds)" });
  expect(run.signal.aborted).toBe(false);
});

it("is null where the run was stopped", async () => {
  const { reply, run } = askMute(60_000);
  run.abort("timeout");
  await expect(reply).resolves.toBeNull();
});
