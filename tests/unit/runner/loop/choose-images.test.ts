/** The images that go with a request: which, how many, how large. */
import { expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../../../src/core/run/limits.js";
import type { Message } from "../../../../src/core/run/message.js";
import { chooseImages } from "../../../../src/runner/loop/choose-images.js";

const PNG = Buffer.from("89504e470d0a1a0a", "hex");
const TYPES = { imageTypes: new Set(["image/png"]) };

/** Blobs by name, and messages that show them, one answer with several images each. */
function conversation(blobs: Readonly<Record<string, string>>, ...shown: readonly (readonly string[])[]) {
  const read: string[] = [];
  const messages = shown.map((names): Message => {
    const images = names.map((blob) => ({ blob, size: blobs[blob]?.length ?? 0 }));
    return {
      role: "tool",
      answers: [{ call: { id: null, name: "s__shot", arguments: {} }, isError: false, text: "", images }],
    };
  });
  const choose = async (imagesFrom = 0, provider: Parameters<typeof chooseImages>[1] = TYPES) => {
    const readBlob = async (hash: string) => {
      read.push(hash);
      return blobs[hash] ?? null;
    };
    return [...(await chooseImages({ messages, imagesFrom }, provider, DEFAULT_LIMITS, readBlob)).keys()];
  };
  return { choose, read };
}

const png = (bytes = 8) => Buffer.concat([PNG, Buffer.alloc(bytes - 8)]).toString("base64");

it("takes 5 MB whole, and reads no larger one", async () => {
  const most = 5 * 2 ** 20;
  const { choose, read } = conversation({ most: png(most), more: png(most + 1), far: png(most + 100) }, [
    "most",
    "more",
    "far",
  ]);
  expect(await choose()).toEqual(["most"]);
  expect(read).not.toContain("far");
});

it("takes the newest eight, each once, and reads no more", async () => {
  const names = Array.from({ length: 12 }, (_, n) => `i${n}`);
  const { choose, read } = conversation(Object.fromEntries(names.map((name) => [name, png()])), names, ["i0", "i11"]);
  expect(await choose()).toEqual(["i11", "i0", "i10", "i9", "i8", "i7", "i6", "i5"]);
  expect(read).toHaveLength(8);
});

it("passes over images that are gone, that are none, or that the provider does not take", async () => {
  const blobs = { a: png(), text: "bm8gaW1hZ2U=", gif: Buffer.from("GIF89a").toString("base64") };
  const { choose } = conversation(blobs, ["a", "text", "gif", "gone"]);
  expect(await choose()).toEqual(["a"]);
  expect(await choose(0, {})).toEqual([]);
  expect(await choose(1)).toEqual([]);
});

it("reads base64 as mail and URLs spell it", async () => {
  const dashes = Buffer.concat([PNG, Buffer.from([0xfb, 0xff, 0xfe])]).toString("base64url");
  const lines = png(120).replace(/.{76}/g, "$&\r\n");
  expect(await conversation({ dashes, lines }, ["dashes", "lines"]).choose()).toEqual(["lines", "dashes"]);
});
