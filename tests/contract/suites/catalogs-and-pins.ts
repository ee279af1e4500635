/** The CatalogStore and PinStore ports: the rules that every implementation keeps. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StoreError } from "../../../src/core/errors.js";
import type { Pin, ToolList } from "../../../src/core/ports/catalog-store.js";
import { setContractBench } from "../../support/contract-bench.js";
import type { StoreImplementation } from "../implementations.js";

const DAY_MS = 24 * 3600 * 1000;

export function describeCatalogsAndPins(implementation: StoreImplementation): void {
  describe(`catalogs and pins on ${implementation.name}`, () => {
    const bench = setContractBench(implementation);
    const { clock } = bench;

    const toolsOf = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        name: `tool_${index}`,
        description: `What number ${index} does ✓. `.repeat(40),
        inputSchema: { type: "object", properties: { path: { type: "string", enum: ["a", "b"] } }, required: ["path"] },
      }));
    const pinOf = (tool: string, definition = `{"name":"${tool}"}`): Pin => ({
      tool,
      hash: `h ${definition}`,
      definition,
    });
    const asMap = (...pins: Pin[]) => new Map(pins.map((pin) => [pin.tool, pin]));

    describe("catalogs", () => {
      it("knows nothing of what was never saved", () => {
        expect(bench.stores.catalogs.load("nothing")).toBeNull();
      });

      it("gives a list back as it was, with its time, also after it is opened again", async () => {
        const list: ToolList = {
          tools: [null, 5, { name: "odd", "": [{}], n: 1e300, s: "\u0000é\ud800" }],
          complete: false,
        };
        await bench.stores.catalogs.save("a", list);
        clock.time += 5;
        await bench.stores.catalogs.save("b", { tools: [], complete: true });
        await bench.store.close();
        const { catalogs } = bench.open();
        expect(catalogs.load("a")).toEqual({ list, at: clock.time - 5 });
        expect(catalogs.load("b")).toEqual({ list: { tools: [], complete: true }, at: clock.time });
      });

      it("gives any JSON back as it was", async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(fc.jsonValue()), fc.boolean(), async (tools, complete) => {
            const list = JSON.parse(JSON.stringify({ tools, complete })) as ToolList;
            await bench.stores.catalogs.save("any", list);
            expect(bench.stores.catalogs.load("any")?.list).toEqual(list);
          }),
          { numRuns: 50 },
        );
      });

      it("keeps the last list of a definition", async () => {
        await bench.stores.catalogs.save("a", { tools: toolsOf(2), complete: true });
        clock.time += 7;
        await bench.stores.catalogs.save("a", { tools: toolsOf(1), complete: true });
        expect(bench.stores.catalogs.load("a")).toEqual({
          list: { tools: toolsOf(1), complete: true },
          at: clock.time,
        });
      });

      it("forgets what was not saved for 90 days, and nothing sooner", async () => {
        await bench.stores.catalogs.save("old", { tools: [], complete: true });
        clock.time += DAY_MS;
        await bench.stores.catalogs.save("younger", { tools: [], complete: true });
        clock.time += 90 * DAY_MS - DAY_MS;
        await bench.stores.catalogs.save("now", { tools: [], complete: true });
        expect(bench.stores.catalogs.load("old")).not.toBeNull();
        clock.time += 1;
        await bench.stores.catalogs.save("now", { tools: [], complete: true });
        expect(bench.stores.catalogs.load("old")).toBeNull();
        expect(bench.stores.catalogs.load("younger")).not.toBeNull();
      });

      it("loads nothing of a list that was not written to its end", async () => {
        const large: ToolList = { tools: toolsOf(1_000), complete: true, faults: { 0: "none", 999: "one" } };
        await bench.stores.catalogs.save("a", large);
        expect(bench.stores.catalogs.load("a")?.list).toEqual(large);
        const closing = bench.stores.catalogs.save("a", { ...large, complete: false });
        await bench.store.close();
        await expect(closing).rejects.toThrow(StoreError);
        expect(bench.open().catalogs.load("a")?.list ?? large).toEqual(large);
      });

      it("holds 10,000 tools", async () => {
        const many: ToolList = { tools: toolsOf(10_000), complete: true };
        await bench.stores.catalogs.save("many", many);
        expect(bench.stores.catalogs.load("many")?.list).toEqual(many);
      });

      it("refuses a list that is nested too deeply to be written, and keeps the one before", async () => {
        const depth = 200_000;
        const deep = JSON.parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`) as object;
        await bench.stores.catalogs.save("a", { tools: [], complete: true });
        await expect(bench.stores.catalogs.save("a", { tools: [deep], complete: true })).rejects.toThrow(StoreError);
        expect(bench.stores.catalogs.load("a")?.list).toEqual({ tools: [], complete: true });
      });
    });

    describe("pins", () => {
      it("are none where nothing was accepted", () => {
        expect(bench.stores.pins.load("/a/config.yaml", "s")).toEqual(new Map());
      });

      it("are kept by file and server, also after it is opened again", async () => {
        bench.stores.pins.accept("/a/config.yaml", "s", [pinOf("read"), pinOf("write")]);
        bench.stores.pins.accept("/b/config.yaml", "s", [pinOf("read", "other")]);
        bench.stores.pins.accept("/a/config.yaml", "t", []);
        await bench.store.close();
        const { pins } = bench.open();
        expect(pins.load("/a/config.yaml", "s")).toEqual(asMap(pinOf("read"), pinOf("write")));
        expect(pins.load("/b/config.yaml", "s")).toEqual(asMap(pinOf("read", "other")));
        expect(pins.load("/a/config.yaml", "t")).toEqual(new Map());
      });

      it("take the place of the tool's earlier one, and of no other", () => {
        bench.stores.pins.accept("f", "s", [pinOf("read"), pinOf("write")]);
        clock.time += 3;
        bench.stores.pins.accept("f", "s", [pinOf("read", "changed")]);
        expect(bench.stores.pins.load("f", "s")).toEqual(asMap(pinOf("read", "changed"), pinOf("write")));
      });

      it("are seen by another process at once", () => {
        const other = bench.open();
        bench.stores.pins.accept("f", "s", [pinOf("read")]);
        expect(other.pins.load("f", "s")).toEqual(asMap(pinOf("read")));
      });

      it("of 10,000 tools are accepted all at once", () => {
        const pins = Array.from({ length: 10_000 }, (_, index) => pinOf(`tool_${index}`));
        bench.stores.pins.accept("f", "s", pins);
        expect(bench.stores.pins.load("f", "s").size).toBe(10_000);
      });
    });

    it("every verb fails with a StoreError when the store cannot be used", async () => {
      const list: ToolList = { tools: [], complete: true };
      const verbs = [
        () => bench.stores.catalogs.load("a"),
        () => bench.stores.catalogs.save("a", list),
        () => bench.stores.pins.load("f", "s"),
        () => bench.stores.pins.accept("f", "s", [pinOf("read")]),
      ];
      bench.database.damageCatalogs();
      const expectFailures = async () => {
        for (const verb of verbs) await expect(async () => verb(), String(verb)).rejects.toThrow(StoreError);
      };
      await expectFailures();
      await bench.store.close();
      await expectFailures();
    });
  });
}
