/** Texts that stand for content: its hash, and the stamp of a file. */
import { createHash } from "node:crypto";

/** The SHA-256 of bytes, or of a text in UTF-8, in hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The facts about a file that change when its content changes. */
interface FileFacts {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** A text that stays the same until the file is written to or replaced. */
export function fileStamp({ dev, ino, size, mtimeMs, ctimeMs }: FileFacts): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join(" ");
}
