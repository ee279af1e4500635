/** The silence of a run, beside the work that has a limit of its own. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createStallTimer } from "../../../../src/runner/state/stall-timer.js";

const stalled = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  stalled.mockClear();
});
afterEach(() => vi.useRealTimers());

/** Work that lasts until it is ended. */
function work() {
  let end = () => {};
  const promise = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { promise, end };
}

it("counts from the last thing that happened", () => {
  const timer = createStallTimer(100, stalled);
  vi.advanceTimersByTime(99);
  timer.refresh();
  vi.advanceTimersByTime(99);
  expect(stalled).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(stalled).toHaveBeenCalledOnce();
});

it("rests until the last of several works has ended, and then begins anew", async () => {
  const timer = createStallTimer(100, stalled);
  const [one, two] = [work(), work()];
  const both = Promise.all([timer.during(one.promise), timer.during(two.promise)]);
  vi.advanceTimersByTime(500);
  timer.refresh();
  one.end();
  await one.promise;
  vi.advanceTimersByTime(500);
  expect(stalled).not.toHaveBeenCalled();
  two.end();
  await both;
  vi.advanceTimersByTime(99);
  expect(stalled).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(stalled).toHaveBeenCalledOnce();
});

it("hands the silence of a request to whoever made it, and counts anew for the run afterwards", async () => {
  const timer = createStallTimer(100, stalled);
  const silent = vi.fn();
  const { promise, end } = work();
  vi.advanceTimersByTime(99);
  const request = timer.guard(promise, silent);
  vi.advanceTimersByTime(99);
  expect(silent).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(silent).toHaveBeenCalledOnce();
  end();
  await request;
  vi.advanceTimersByTime(99);
  expect(stalled).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(stalled).toHaveBeenCalledOnce();
});

it("counts again after work that failed, and no more once it is stopped", async () => {
  const timer = createStallTimer(100, stalled);
  await expect(timer.during(Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  timer.stop();
  await timer.during(Promise.resolve());
  vi.advanceTimersByTime(1_000);
  expect(stalled).not.toHaveBeenCalled();
});
