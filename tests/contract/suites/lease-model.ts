/** The RunStore port: three processes on one store do, in any order of events, only what a model of leases does. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_ATTEMPTS } from "../../../src/core/run/limits.js";
import { MOST_ATTEMPTS } from "../../support/lease-model.js";
import { anyHappening, createWorlds, expectAgreement, expectPortAgrees, happen } from "../../support/lease-world.js";
import { repetitions } from "../../support/repetitions.js";
import type { StoreImplementation } from "../implementations.js";

export function describeLeaseModel(implementation: StoreImplementation): void {
  describe(`the model of leases on ${implementation.name}`, () => {
    let worlds: ReturnType<typeof createWorlds>;
    beforeAll(() => {
      worlds = createWorlds(implementation);
    });
    afterAll(() => worlds.remove());

    it("has the same statuses, leases, attempts and journals after every step of every history", async () => {
      expect(MAX_ATTEMPTS).toBe(MOST_ATTEMPTS);
      await fc.assert(
        fc.asyncProperty(fc.array(anyHappening, { minLength: 5, maxLength: 30 }), async (happenings) => {
          const world = worlds.next();
          try {
            for (const happening of happenings) {
              await happen(world, happening);
              await expectAgreement(world);
            }
            await expectPortAgrees(world);
          } finally {
            await worlds.leave(world);
          }
        }),
        { numRuns: repetitions(100, 1_000) },
      );
    }, 120_000);
  });
}
