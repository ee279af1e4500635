/** Reads the name of a file as that of a copy: `.env~`, `id_rsa.bak`, `.id_rsa.swp`, `secrets (1).yaml`, `.netrc.gpg`. */

/** The marks of a copy, a backup, a packed or an encrypted file. */
const ADDED =
  /([ ._-](bak|backup|bkp|old|orig|original|saved?|copy|prev|previous|te?mp|new|rej|sw[opx]|gpg|pgp|asc|age|enc|gz|bz2|xz|zst|zip|tar|tgz|7z|\d+)|~| ?\(\d+\))(?=[ ._~(-]|$)/g;

/** The names of which a name may be a copy, itself among them. */
export function originalsOf(name: string): readonly string[] {
  const original = name.replace(/^copy of |^\.?#|#$/g, "").replace(ADDED, "");
  return [name, original, original.replace(/^\./, "")]; // Vim hides its copies
}
