/** Hashes that name content. */
import { createHash } from "node:crypto";

/** The SHA-256 of a text in UTF-8, in hexadecimal. */
export function sha256(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}
