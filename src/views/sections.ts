/** Several lists in one answer, one after the other, page by page, each under its name. */
import { fitItems, type Keyed, type ListCursor } from "./page.js";

/** Named lists in the order in which they are shown. */
export type Sections = Readonly<Record<string, readonly object[]>>;

/**
 * As much of the lists as fits into `budget` bytes, at most `limit` items. Leaves out a list without items on the page,
 * but the first page contains empty lists. `next` is null after the last item.
 */
export function fitSections(sections: Sections, from: ListCursor, limit: number, budget: number) {
  const all = Object.entries(sections).flatMap(([name, values]) => values.map((value) => ({ name, value })));
  const rest = all.map(({ value }, index): Keyed => ({ key: index + 1, value })).slice(from.after);
  const shown = rest.slice(0, limit);
  const { page, next } = fitItems(shown, from, budget);
  const isFirst = from.after === 0 && from.offset === 0;
  const names = all.slice(from.after, from.after + page.length).map(({ name }) => name);
  const isShown = (name: string) => names.includes(name) || (isFirst && sections[name]?.length === 0);
  const lists = Object.keys(sections)
    .filter(isShown)
    .map((name) => [name, page.filter((_, index) => names[index] === name)] as const);
  const last = shown.at(-1);
  const more = rest.length > shown.length && last ? { after: last.key, offset: 0 } : null;
  return { lists: Object.fromEntries(lists), next: next ?? more };
}
