/** Reads the definition files of a project, so that its user can trust them. */
import { ConfigError } from "../../core/errors.js";
import { type DefinitionFolder, projectFolders } from "./definition-folders.js";
import { filesIn } from "./files-in.js";
import { createFileReader } from "./read-file.js";

/**
 * The bytes of the project's definition files, by their path in the project, such as ".legwork/workflows/plan.yaml";
 * `folders` are those in which hosts look. Leaves out files that no definition may be read from: links out of the folder,
 * pipes, files that are too large.
 */
export function readProjectDefinitions(root: string, folders: readonly string[]): ReadonlyMap<string, Uint8Array> {
  const read = createFileReader();
  const files = new Map<string, Uint8Array>();
  for (const folder of projectFolders({ root, folders })) {
    for (const name of namesIn(folder)) {
      try {
        files.set(`${folder.inProject}/${name}`, read(folder, name).bytes);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
      }
    }
  }
  return files;
}

function namesIn(folder: DefinitionFolder): readonly string[] {
  try {
    return filesIn(folder);
  } catch (error) {
    if (error instanceof ConfigError) return [];
    throw error;
  }
}
