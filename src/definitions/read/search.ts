/** Looks up definitions of one kind in their folders. The first folder that has a name wins. */
import { basename, extname, join } from "node:path";
import { ConfigError } from "../../core/errors.js";
import { type DefinitionFolder, filesIn, isHostVocabulary } from "./definition-folders.js";
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
  /** Parses one file by itself. Throws ConfigError. */
  parse(file: ReadFile, folder: DefinitionFolder, stem: string): T;
  /** The name that a host's file gives its definition; null where the definition is named after the file. */
  nameOf(parsed: T, folder: DefinitionFolder): string | null;
}

/** Creates a search; a file is parsed again only when it has changed. */
export function createSearch<T>({ folders, read, trusts, parse, nameOf }: SearchDeps<T>): Search<T> {
  const parsed = new WeakMap<ReadFile, Attempt<T>>();

  function load(folder: DefinitionFolder, name: string): T {
    const file = read(folder, name);
    const known = parsed.get(file) ?? attempt(() => parse(file, folder, stemOf(name)));
    parsed.set(file, known);
    if (known.kind === "failed") throw known.error;
    return known.value;
  }

  function isUsable(folder: DefinitionFolder, name: string): boolean {
    if (folder.inProject === null) return true;
    const bytes = attempt(() => read(folder, name).bytes);
    return trusts(`${folder.inProject}/${name}`, bytes.kind === "done" ? bytes.value : null);
  }

  function candidate(folder: DefinitionFolder, name: string, names: readonly string[]): Candidate<T> {
    const file = join(folder.folder, name);
    const twin = names.find((other) => other !== name && stemOf(other) === stemOf(name));
    if (twin !== undefined && !isHostVocabulary(folder.vocabulary)) {
      const error = new ConfigError(`${file}: ${twin} next to it has the same name: keep one of them`);
      return { name: stemOf(name), file, folder, load: () => fail(error) };
    }
    return { name: nameIn(folder, name) ?? stemOf(name), file, folder, load: () => load(folder, name) };
  }

  /** The name that a host's file gives its definition; null where it gives none, or cannot be used. */
  function nameIn(folder: DefinitionFolder, name: string): string | null {
    if (!isHostVocabulary(folder.vocabulary)) return null;
    const own = attempt(() => nameOf(load(folder, name), folder));
    return own.kind === "done" ? own.value : null;
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
          .map(({ name, names }) => candidate(folder, name, names)),
      ),
    leftOut: () =>
      ofProject.reduce(
        (count, folder) => count + filesOf(folder).filter(({ name }) => !isUsable(folder, name)).length,
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
