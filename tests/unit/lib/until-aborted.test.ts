/** Waiting that ends as soon as the run is stopped. */
import { getEventListeners } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { untilAborted } from "../../../src/lib/until-aborted.js";

const never = () => new Promise<string>(() => {});

describe("untilAborted", () => {
  it("gives what the promise gives, good or bad", async () => {
    const { signal } = new AbortController();
    await expect(untilAborted(Promise.resolve("done"), signal)).resolves.toBe("done");
    await expect(untilAborted(Promise.reject(new Error("broken")), signal)).rejects.toThrow("broken");
  });

  it("rejects with the reason as soon as the signal aborts", async () => {
    const controller = new AbortController();
    const waiting = untilAborted(never(), controller.signal);
    controller.abort("timeout");
    await expect(waiting).rejects.toBe("timeout");
  });

  it("rejects at once where the signal has aborted before", async () => {
    await expect(untilAborted(never(), AbortSignal.abort("cancelled"))).rejects.toBe("cancelled");
    await expect(untilAborted(Promise.resolve("done"), AbortSignal.abort("lost"))).rejects.toBe("lost");
  });

  it("leaves nothing on the signal, however it ends", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    await untilAborted(Promise.resolve(), signal);
    await untilAborted(Promise.reject(new Error("broken")), signal).catch(() => {});
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    const waiting = untilAborted(never(), signal);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    controller.abort("lost");
    await waiting.catch(() => {});
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it.each(["after the wait began", "before it began"])(
    "lets nobody trip over a promise that fails %s of the abort",
    async (when) => {
      const unhandled: unknown[] = [];
      const listener = (reason: unknown) => unhandled.push(reason);
      process.on("unhandledRejection", listener);
      onTestFinished(() => void process.off("unhandledRejection", listener));
      const controller = new AbortController();
      if (when === "before it began") controller.abort("cancelled");
      let fail = (_error: Error) => {};
      const failing = new Promise<never>((_resolve, reject) => {
        fail = reject;
      });
      const waiting = untilAborted(failing, controller.signal);
      controller.abort("cancelled");
      await expect(waiting).rejects.toBe("cancelled");
      fail(new Error("too late to matter"));
      await new Promise(setImmediate);
      expect(unhandled).toEqual([]);
    },
  );
});
