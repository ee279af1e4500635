/** Relative links of Markdown documents, and the anchors of their headings. */

export interface Link {
  readonly line: number;
  /** A path relative to the document; empty for a link into the document itself. */
  readonly path: string;
  /** The part after `#`; null without one. */
  readonly anchor: string | null;
}

/** Links that stay in the repository: without a scheme such as `https:`, and outside of code. */
export function relativeLinks(document: string): readonly Link[] {
  return withoutCode(document)
    .split("\n")
    .flatMap((text, index) =>
      [...text.matchAll(/\]\(([^()\s]+)\)/g)]
        .map(([, target = ""]) => target)
        .filter((target) => !/^[a-z][a-z+.-]*:/i.test(target))
        .map((target) => {
          const [path = "", anchor = null] = target.split("#", 2);
          return { line: index + 1, path, anchor };
        }),
    );
}

/** The anchors that GitHub gives to the headings of a document; a repeated heading gets a number. */
export function anchorsIn(document: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, title = ""] of withoutFences(document).matchAll(/^#+ (.*)$/gm)) {
    const anchor = anchorOf(title);
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .trim()
    .replaceAll(/[^\p{Letter}\p{Number}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");
}

function withoutCode(document: string): string {
  return withoutFences(document).replaceAll(/`[^`\n]*`/g, "");
}

/** Blank lines in place of fenced blocks, so that line numbers stay right. */
function withoutFences(document: string): string {
  return document.replaceAll(/^```[\s\S]*?^```$/gm, (block) => block.replaceAll(/[^\n]/g, ""));
}
