/** Detects changes of a file. */

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
