/** Which names in a path are those of files that may hold secrets, or that steer agents, hosts, editors and shells. */
import { listed, type Names } from "./listed-names.js";
import { originalsOf } from "./original-names.js";
import { SECRET } from "./secret-names.js";
import { STEERING } from "./steering-names.js";

/** Files and folders that do both: they steer, and they may hold tokens. */
const BOTH = new Set(
  listed(`
    .git .gitconfig .legwork .claude .claude.json .gemini .mcp.json mcp.json
    .npmrc .yarnrc .yarnrc.yml .ssh .gnupg .aws .azure .kube .terraformrc
  `),
);

/** The places in a path, by index, at which a file, or that of which it is a copy, may hold secrets. */
export function secretPlaces(path: readonly string[]): readonly number[] {
  return placesOf(path, (names, index) =>
    originalsOf(names[index] ?? "").some((original) => isIn(SECRET, names.with(index, original), index)),
  );
}

/** The places in a path, by index, at which a file steers agents, hosts, editors, shells, CI or package managers. */
export function steeringPlaces(path: readonly string[]): readonly number[] {
  return placesOf(path, (names, index) => isIn(STEERING, names, index));
}

/** Whether a folder of this name would make some of its content steer. */
export function halfSteers(name: string): boolean {
  return STEERING.inFolder.has(comparableName(name));
}

function placesOf(
  path: readonly string[],
  isGuarded: (names: readonly string[], index: number) => boolean,
): readonly number[] {
  const names = path.map(comparableName);
  const isAt = (index: number) =>
    isGuarded(names, index) || isGuarded(names.with(index, wholeName(path[index] ?? "")), index);
  return [...names.keys()].filter(isAt);
}

function isIn({ whole, forms, inFolder, last }: Names, names: readonly string[], index: number): boolean {
  const name = names[index] ?? "";
  if (BOTH.has(name) || whole.has(name) || forms.some((form) => form.test(name))) return true;
  const folder = names[index - 1] ?? ""; // none above the names in the project itself
  return inFolder.get(folder)?.has(name) === true || (index === names.length - 1 && last?.has(name) === true);
}

/** The name in the form in which the most lenient file system compares it. */
export function comparableName(name: string): string {
  return wholeName(name.normalize("NFKC").replace(/:.*$/s, "")); // Windows: the name of a stream inside the file
}

/** The same where a colon is a character like others. */
function wholeName(name: string): string {
  const visible = name.normalize("NFKC").replace(/\p{Default_Ignorable_Code_Point}/gu, "");
  return visible.replace(/[. ]+$/, "").toLowerCase(); // Windows: dropped
}
