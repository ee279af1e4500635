/** The images of a request: each stands once, in the answer that showed it last. */
import type { Message, ToolAnswerMessage } from "../../../core/run/message.js";
import type { Image } from "../../../core/tools/image.js";
import type { Block } from "../wire.js";

/** The hashes of the images in each answer that has some. */
export type PlacedImages = ReadonlyMap<ToolAnswerMessage, readonly string[]>;

export function placeImages(messages: readonly Message[], images: ReadonlyMap<string, Image>): PlacedImages {
  const left = new Set(images.keys());
  const placed = new Map<ToolAnswerMessage, readonly string[]>();
  for (const message of left.size === 0 ? [] : messages.toReversed()) {
    for (const answer of message.role === "tool" ? message.answers.toReversed() : []) {
      const blobs = (answer.images ?? [])
        .map(({ blob }) => blob)
        .toReversed()
        .filter((blob) => left.delete(blob));
      if (blobs.length > 0) placed.set(answer, blobs.toReversed());
    }
  }
  return placed;
}

/** The images of some messages in one text, to see whether other requests have them in the same places. */
export function toImageKey(messages: readonly Message[], placed: PlacedImages): string {
  if (placed.size === 0) return "";
  const answers = messages.flatMap((message) => (message.role === "tool" ? message.answers : []));
  return answers.flatMap((answer, index) => placed.get(answer)?.map((blob) => `${index}:${blob}`) ?? []).join(" ");
}

export function toImageBlock({ mimeType, base64 }: Image): Block {
  return { type: "image", source: { type: "base64", media_type: mimeType, data: base64 } };
}
