/** Three processes on one file, whatever befalls them in whatever order: the store does what the model says, and nothing else. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { MAX_ATTEMPTS } from "../../src/core/run/limits.js";
import { type Connection, connect } from "../../src/store/sqlite/connection/connection.js";
import { MOST_ATTEMPTS } from "../support/lease-model.js";
import { anyHappening, createWorld, expectAgreement, happen, leave } from "../support/lease-world.js";

const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "legwork-holds-"));
let connections: readonly Connection[] = [];

beforeAll(() => {
  const noSync = { check: () => {}, soon: async () => {}, later: () => {}, now: () => {}, close: () => {} }; // the power stays on
  connections = Array.from({ length: 3 }, () => connect(join(folder, "legwork.db"), noSync));
  for (const { sqlite } of connections) sqlite.pragma("synchronous = OFF");
});
afterAll(() => {
  for (const connection of connections) connection.close();
  rmSync(folder, { recursive: true, force: true });
});

it("statuses, holds, holds, attempts and journals are those of the model after every step of every history", () => {
  expect(MAX_ATTEMPTS).toBe(MOST_ATTEMPTS);
  fc.assert(
    fc.property(fc.array(anyHappening, { minLength: 5, maxLength: 30 }), (happenings) => {
      const world = createWorld(connections);
      try {
        for (const happening of happenings) {
          happen(world, happening);
          expectAgreement(world);
        }
      } finally {
        leave(world);
      }
    }),
    { numRuns: 1_000 },
  );
}, 120_000);
