/** Gives each call of a conversation the id under which the host finds its answer. */
import { sha256 } from "../../../lib/hash.js";

/** Which ids a host takes: those of other hosts may be too long for it, and some hosts are narrow. */
export type IdForm = "any" | "nine";

export interface CallIds {
  /** The id of a call; `place` is its place in the conversation, so that the same conversation has the same ids after a resume. */
  next(id: unknown, place: string, isOwn: boolean): string;
}

/** Ids stay as they are where the host takes them; a missing or repeated one is given anew. */
export function createCallIds(form: IdForm): CallIds {
  const taken = new Set<string>();
  return {
    next(id, place, isOwn) {
      let chosen = isUsable(id, form, isOwn) && !taken.has(id) ? id : idFrom(id || place, form);
      for (let n = 0; taken.has(chosen); n++) chosen = idFrom(`${place} ${n}`, form);
      taken.add(chosen);
      return chosen;
    },
  };
}

function isUsable(id: unknown, form: IdForm, isOwn: boolean): id is string {
  if (typeof id !== "string" || id === "") return false;
  if (form === "nine") return /^[A-Za-z0-9]{9}$/.test(id);
  return isOwn || /^[A-Za-z0-9_-]{1,40}$/.test(id);
}

function idFrom(text: unknown, form: IdForm): string {
  const hash = sha256(String(text));
  return form === "nine" ? hash.slice(0, 9) : `call_${hash.slice(0, 24)}`;
}
