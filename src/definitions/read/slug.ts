/** Short names for agents whose names hold blanks, dots or other letters. */
import { sha256 } from "../../lib/hash.js";
import { NAME } from "./definition-fields.js";

const LONGEST = 64;
const HASH_LENGTH = 6; // hexadecimal digits

/**
 * "frontend-developer" for "Frontend Developer"; null for a name that is one already. A hash keeps names apart of which
 * letters are lost.
 */
export function slugOf(name: string): string | null {
  if (NAME.test(name)) return null;
  const letters = name.normalize("NFKD").replace(/\p{M}/gu, "");
  const slug = letters
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const isWhole = slug !== "" && slug.length <= LONGEST && /^[\x20-\x7e]*$/.test(letters);
  if (isWhole) return slug;
  const hash = sha256(name).slice(0, HASH_LENGTH);
  return `${slug.slice(0, LONGEST - HASH_LENGTH - 1) || "agent"}-${hash}`;
}
