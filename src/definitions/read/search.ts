/** Looks up definitions of one kind in their folders. The first folder that has a name wins. */
import { basename, extname, join } from "node:path";
import { ConfigError } from "../../core/errors.js";
import type { DefinitionFolder } from "./definition-folders.js";
import { filesIn } from "./files-in.js";
import type { FileReader, ReadFile } from "./read-file.js";

/** A file that may hold the definition `name`. `load` throws ConfigError where the file cannot be used. */
export interface Candidate<T> {
  readonly name: string;
  readonly file: string;
  readonly folder: DefinitionFolder;
  load(): T;
}

export interface Search<T> {
  /** All files that may be used, in the order of the folders. Throws ConfigError for a folder that cannot be read. */
  candidates(): readonly Candidate<T>[];
  /** The number of the project's files that are left out because they are not trusted. */
  leftOut(): number;
}

export interface SearchDeps<T> {
  readonly folders: readonly DefinitionFolder[];
  readonly read: FileReader;
  /** Whether the user trusts a project's file, by its path in the project. `bytes` is null where it cannot be read. */
  trusts(name: string, bytes: Uint8Array | null): boolean;
  /** Parses one file by itself; null for a file that holds no definition. Throws ConfigError. */
  parse(file: ReadFile, folder: DefinitionFolder, stem: string): Parsed<T> | null;
}

/** A file that holds a definition. */
export interface Parsed<T> {
  /** The name that the file gives its definition; null where that is named after the file. */
  readonly name: string | null;
  /** Throws ConfigError where the definition cannot be used. */
  load(): T;
}

/** Creates a search; a file is parsed again only when it has changed. */
export function createSearch<T>({ folders, read, trusts, parse }: SearchDeps<T>): Search<T> {
  const parsed = new WeakMap<ReadFile, Attempt<Parsed<T> | null>>();
  const loaded = new WeakMap<Parsed<T>, Attempt<T>>();

  /** A file that cannot be read or parsed is taken for a definition with a fault. */
  function parsedIn(folder: DefinitionFolder, name: string): Attempt<Parsed<T> | null> {
    const file = attempt(() => read(folder, name));
    if (file.kind === "failed") return file;
    const known = parsed.get(file.value) ?? attempt(() => parse(file.value, folder, stemOf(name)));
    parsed.set(file.value, known);
    return known;
  }

  function loadOnce(definition: Parsed<T>): T {
    const known = loaded.get(definition) ?? attempt(definition.load);
    loaded.set(definition, known);
    if (known.kind === "failed") throw known.error;
    return known.value;
  }

  function isUsable(folder: DefinitionFolder, name: string): boolean {
    if (folder.inProject === null) return true;
    const bytes = attempt(() => read(folder, name).bytes);
    return trusts(`${folder.inProject}/${name}`, bytes.kind === "done" ? bytes.value : null);
  }

  /** None for a file that holds no definition. */
  function candidatesIn(folder: DefinitionFolder, name: string, names: readonly string[]): readonly Candidate<T>[] {
    const place = { file: join(folder.folder, name), folder };
    const faulty = (error: ConfigError) => [{ ...place, name: stemOf(name), load: () => fail(error) }];
    const twin = names.find((other) => other !== name && stemOf(other) === stemOf(name));
    if (twin !== undefined && !folder.isHosts)
      return faulty(new ConfigError(`${place.file}: ${twin} next to it has the same name: keep one of them`));
    const known = parsedIn(folder, name);
    if (known.kind === "failed") return faulty(known.error);
    const definition = known.value;
    if (definition === null) return [];
    return [{ ...place, name: definition.name ?? stemOf(name), load: () => loadOnce(definition) }];
  }

  function isLeftOut(folder: DefinitionFolder, name: string): boolean {
    if (isUsable(folder, name)) return false;
    const known = parsedIn(folder, name);
    return known.kind === "failed" || known.value !== null;
  }

  const ofProject = folders.filter(({ inProject }) => inProject !== null); // other folders need no trust
  const filesOf = (folder: DefinitionFolder) => {
    const names = filesIn(folder);
    return names.map((name) => ({ name, names }));
  };

  return {
    candidates: () =>
      folders.flatMap((folder) =>
        filesOf(folder)
          .filter(({ name }) => isUsable(folder, name))
          .flatMap(({ name, names }) => candidatesIn(folder, name, names)),
      ),
    leftOut: () =>
      ofProject.reduce(
        (count, folder) => count + filesOf(folder).filter(({ name }) => isLeftOut(folder, name)).length,
        0,
      ),
  };
}

function stemOf(name: string): string {
  return basename(name, extname(name));
}

type Attempt<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "failed"; readonly error: ConfigError };

function attempt<T>(work: () => T): Attempt<T> {
  try {
    return { kind: "done", value: work() };
  } catch (error) {
    if (error instanceof ConfigError) return { kind: "failed", error };
    throw error;
  }
}

function fail(error: ConfigError): never {
  throw error;
}
