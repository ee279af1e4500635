/** Tells whether a file is still what it was. */

/** What a file system says of a file, as far as it changes with what is in it. */
interface FileFacts {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** The same text for as long as nobody has written to the file or put another in its place. */
export function fileStamp({ dev, ino, size, mtimeMs, ctimeMs }: FileFacts): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join(" ");
}
