/** The images that go with a request to a model. */

import type { History } from "../../core/journal/history-state.js";
import type { Provider } from "../../core/ports/provider.js";
import type { RunStore } from "../../core/ports/run-store.js";
import type { RunLimits } from "../../core/run/run.js";
import { type Image, readImage, sizeOfImage } from "../../core/tools/image.js";

const NONE: ReadonlyMap<string, Image> = new Map();
const MEGABYTE = 2 ** 20;
const IN_BASE64 = 4 / 3; // characters a byte
const PADDING = 4; // characters

/** By the hash of their blobs: the newest that the provider takes, each once. The model knows the others from their lines of text. */
export async function chooseImages(
  { messages, imagesFrom }: Pick<History, "messages" | "imagesFrom">,
  { imageTypes }: Pick<Provider, "imageTypes">,
  { maxImages, maxImageMb }: RunLimits,
  readBlob: RunStore["getBlob"],
): Promise<ReadonlyMap<string, Image>> {
  if (imageTypes === undefined) return NONE;
  const chosen = new Map<string, Image>();
  const mostBytes = maxImageMb * MEGABYTE;
  for (const { blob, size } of newestFirst(messages.slice(imagesFrom))) {
    if (chosen.size >= maxImages) break;
    if (chosen.has(blob) || size > mostBytes * IN_BASE64 + PADDING) continue; // not even read
    const text = await readBlob(blob);
    const image = text === null ? null : readImage(text);
    if (image !== null && imageTypes.has(image.mimeType) && sizeOfImage(image) <= mostBytes) chosen.set(blob, image);
  }
  return chosen;
}

function newestFirst(messages: History["messages"]) {
  return messages
    .flatMap((message) => (message.role === "tool" ? message.answers : []))
    .flatMap((answer) => answer?.images ?? [])
    .reverse();
}
