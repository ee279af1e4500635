/** Paths that are written as file: URLs. */
import { fileURLToPath, pathToFileURL } from "node:url";

const SCHEME = "file://";
// Readers of URLs leave out blanks before one, and tabs and line ends anywhere in it.
const AS_URL = /^[\0- ]*f[\t\n\r]*i[\t\n\r]*l[\t\n\r]*e[\t\n\r]*:/i;

/**
 * The path that a text means: itself, or that of the file: URL that it is.
 * Null where programs differ: some take such a text for a URL, some cut off its beginning, others take it for a name.
 */
export function pathOrUrl(written: string): string | null {
  if (!AS_URL.test(written)) return written;
  if (!written.startsWith(`${SCHEME}/`)) return null;
  try {
    const path = fileURLToPath(written);
    return path === written.slice(SCHEME.length) || pathToFileURL(path).href === written ? path : null;
  } catch {
    return null; // no URL, or one with a NUL or an encoded slash
  }
}
