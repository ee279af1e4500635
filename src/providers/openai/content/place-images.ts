/** Finds the places of the images that go with a request. */
import type { ModelRequest } from "../../../core/ports/provider.js";
import type { ToolAnswerMessage } from "../../../core/run/message.js";
import type { Image } from "../../../core/tools/image.js";

/** Answers with images, and the place of the first of them among what is sent. */
export interface AnswersAt {
  readonly answers: readonly ToolAnswerMessage[];
  readonly at: number;
}

interface PlacedImages extends AnswersAt {
  /** By the index of the answer, in order. */
  readonly shown: ReadonlyMap<number, readonly Image[]>;
}

/** The places that show an image, the last first; each image is shown once, where it came last. */
export function placeImages(images: ModelRequest["images"], places: readonly AnswersAt[]): readonly PlacedImages[] {
  const left = new Map(images);
  return places.toReversed().flatMap(({ answers, at }) => {
    const shown: [number, readonly Image[]][] = [];
    for (const [index, answer] of [...answers.entries()].reverse()) {
      const found: Image[] = [];
      for (const { blob } of (answer.images ?? []).toReversed()) {
        const image = left.get(blob);
        if (image) found.unshift(image);
        left.delete(blob);
      }
      if (found.length > 0) shown.unshift([index, found]);
    }
    return shown.length === 0 ? [] : [{ answers, at, shown: new Map(shown) }];
  });
}

/** The text before images that stand behind the answers of a reply's calls. */
export const IMAGES_ABOVE = "The images in the results above, in their order:";

/** An image as an address that holds it. */
export function dataUrl({ mimeType, base64 }: Image): string {
  return `data:${mimeType};base64,${base64}`;
}
