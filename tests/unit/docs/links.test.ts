/** Every relative link of the documents leads to a file of the repository, and to a heading where it names one. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorsIn, relativeLinks } from "../../support/links.js";

const ROOT = resolve(import.meta.dirname, "../../..");
const DOCUMENTS = [
  ...readdirSync(ROOT),
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" }).map((name) => join("docs", name)),
].filter((name) => name.endsWith(".md"));

function brokenLinks(document: string): readonly string[] {
  const file = join(ROOT, document);
  return relativeLinks(readFileSync(file, "utf8")).flatMap(({ line, path, anchor }) => {
    const target = path === "" ? file : resolve(dirname(file), path);
    if (!existsSync(target)) return [`${document}:${line}: there is no ${path}`];
    if (anchor === null || anchorsIn(readFileSync(target, "utf8")).has(anchor)) return [];
    return [`${document}:${line}: ${path} has no heading #${anchor}`];
  });
}

it("finds the documents", () => {
  expect(DOCUMENTS).toEqual(expect.arrayContaining(["README.md", join("docs", "durability.md")]));
});

it.each(DOCUMENTS)("%s has no broken link", (document) => {
  expect(brokenLinks(document)).toEqual([]);
});

it("links every page of docs from the README", () => {
  const pages = DOCUMENTS.filter((name) => dirname(name) === "docs");
  const linked = relativeLinks(readFileSync(join(ROOT, "README.md"), "utf8")).map(({ path }) => path);
  expect(pages.filter((page) => !linked.includes(page))).toEqual([]);
});

it("names in docs/security.md only tests that exist", () => {
  const text = readFileSync(join(ROOT, "docs/security.md"), "utf8");
  const named = [...text.matchAll(/`((?:attacks|contract|e2e|integration|unit)\/[\w/-]+)`/g)].map(
    ([, name]) => `${name}`,
  );
  const exists = (name: string) => [name, `${name}.test.ts`].some((path) => existsSync(join(ROOT, "tests", path)));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !exists(name))).toEqual([]);
});

describe("links and anchors of a document", () => {
  it("are found outside of code", () => {
    const document = "[a](b.md#c)\n```sh\n[no](d.md)\n```\n`[no](e.md)` [f](#g-h) [i](https://j.example/k.md)\n";
    expect(relativeLinks(document)).toEqual([
      { line: 1, path: "b.md", anchor: "c" },
      { line: 5, path: "", anchor: "g-h" },
    ]);
  });

  it("are spelled as GitHub spells them", () => {
    expect([...anchorsIn("# The `a_b` list, and more\n## Again\n## Again\n```sh\n# no\n```\n")]).toEqual([
      "the-a_b-list-and-more",
      "again",
      "again-1",
    ]);
  });
});
