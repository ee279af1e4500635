/** Notices about the configuration, in an answer that is about something else. */
import { cutToFit, sizeOf } from "../views/page.js";

const LONGEST_NOTICE = 500; // bytes

/** As many notices as fit into `room` bytes, with the number of the others; no field where there is none. */
export function shownNotices(notices: readonly string[], room: number): { readonly notices?: readonly string[] } {
  if (notices.length === 0) return {};
  const shown: string[] = [];
  let used = 0;
  for (const notice of notices.map((text) => cutToFit(text, LONGEST_NOTICE))) {
    used += sizeOf(notice) + 1;
    if (used > room) return { notices: [...shown, `${notices.length - shown.length} more`] };
    shown.push(notice);
  }
  return { notices: shown };
}
