/** Which files of the root are closed to agents, and what the user has opened. */
import { comparableName, halfSteers, secretPlaces, steeringPlaces } from "../files/guarded-names.js";
import { type Glob, parseGlob } from "./patterns/glob.js";
import { Refusal } from "./refusal.js";

/** The user's grants: patterns of paths from the root. */
export interface Grants {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

export interface Access {
  /** Throws Refusal where the file may hold secrets and no grant names it. */
  requireReadable(asked: string, names: readonly string[]): void;
  /** Throws Refusal where the file steers agents, hosts, editors or shells and no grant names it. */
  requireChangeable(asked: string, names: readonly string[]): void;
  /** Throws Refusal where a move would give a secret another name or open it, or would make a file steer or stop steering. */
  requireMovable(asked: string, from: readonly string[], to: readonly string[]): void;
  /** Whether a path is legwork's home or lies in it. */
  isHome(names: readonly string[]): boolean;
}

/** `home` are the names from the root to legwork's home, null where it lies elsewhere. */
export function createAccess(home: readonly string[] | null, grants: Grants): Access {
  const readable = grants.read.map(grantOf);
  const changeable = grants.write.map(grantOf);
  const isHome = (names: readonly string[]) =>
    home?.every((name, index) => comparableName(names[index] ?? "") === comparableName(name)) === true;
  const secretIn = (names: readonly string[]) => firstClosed(names, secretPlaces(names), readable);
  const steeringIn = (names: readonly string[]) => firstClosed(names, steeringPlaces(names), changeable);

  function requireReadable(asked: string, names: readonly string[]): void {
    if (isHome(names)) throw new Refusal(`"${asked}" is in legwork's home, which is closed to agents`);
    const secret = secretIn(names);
    if (secret === null) return;
    throw new Refusal(
      `"${asked}" is closed to agents, since ${secret} may hold secrets: only the user can open it, with allow_read of the server "workspace"`,
    );
  }

  function requireChangeable(asked: string, names: readonly string[]): void {
    if (isHome(names)) throw new Refusal(`"${asked}" is protected: agents may not change legwork's home`);
    const steering = steeringIn(names);
    if (steering === null) return;
    throw new Refusal(
      `"${asked}" is protected: agents may not change ${steering} or anything in it, unless the user names it in allow_write of the server "workspace"`,
    );
  }

  return {
    isHome,
    requireReadable,
    requireChangeable,
    requireMovable(asked, from, to) {
      requireChangeable(asked, from);
      requireChangeable(asked, to);
      if (secretIn(to) === null || !keepsName(from, to)) requireReadable(asked, from);
      const name = to.at(-1) ?? "";
      if (halfSteers(name) && changeable.every((grant) => !grant(to, to.length - 1)))
        throw new Refusal(
          `"${asked}" is protected: no folder may become ${name}, since some of its content would steer`,
        );
    },
  };
}

/** Whether what may hold secrets in a path has the same name, and the same names in it, behind a move. */
function keepsName(from: readonly string[], to: readonly string[]): boolean {
  const kept = from.slice(secretPlaces(from)[0] ?? from.length);
  return kept.every((name, index) => to.at(index - kept.length) === name);
}

/** Whether a grant names what stands at this place of a path. */
type Grant = (names: readonly string[], place: number) => boolean;

/** A pattern that would match any other name at that place, such as `**`, does not name what stands there. */
function grantOf(pattern: string): Grant {
  const glob: Glob = parseGlob(pattern.normalize("NFKC").toLowerCase().replace(/^\.\//, ""));
  return (names, place) => {
    const comparable = names.map(comparableName);
    const other = comparable.with(place, "\0");
    for (let length = place + 1; length <= names.length; length++)
      if (glob(comparable.slice(0, length)) && !glob(other.slice(0, length))) return true;
    return false;
  };
}

/** The path of the first part that is closed, or null. */
function firstClosed(names: readonly string[], places: readonly number[], grants: readonly Grant[]): string | null {
  const place = places.find((candidate) => !grants.some((grant) => grant(names, candidate)));
  return place === undefined ? null : names.slice(0, place + 1).join("/");
}
