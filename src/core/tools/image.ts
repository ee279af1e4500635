/** Images in the answers of tools, in the forms that models take. */

/** An image for a model. */
export interface Image {
  readonly mimeType: string;
  readonly base64: string;
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const HEAD = 24; // characters, which hold the first 18 bytes

/**
 * Reads an image from base64 of any spelling. The type comes from its first bytes, because servers name it wrongly and a
 * vendor refuses the whole request for it; null where they are not those of a known image.
 */
export function readImage(text: string): Image | null {
  const base64 = text.length % 4 === 0 && BASE64.test(text) ? text : Buffer.from(text, "base64").toString("base64");
  const mimeType = typeOf(Buffer.from(base64.slice(0, HEAD), "base64"));
  return mimeType === null ? null : { mimeType, base64 };
}

function typeOf(head: Buffer): string | null {
  const isAt = (offset: number, bytes: string) => head.toString("latin1", offset, offset + bytes.length) === bytes;
  if (isAt(0, "\x89PNG\r\n\x1a\n")) return "image/png";
  if (isAt(0, "\xff\xd8\xff")) return "image/jpeg";
  if (isAt(0, "RIFF") && isAt(8, "WEBP")) return "image/webp";
  if (isAt(0, "GIF8")) return "image/gif";
  return null;
}

/** The size of an image in bytes. */
export function sizeOfImage({ base64 }: Image): number {
  return Buffer.byteLength(base64, "base64");
}
