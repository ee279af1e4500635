import { createReadProjectFile } from "../../src/files/read-project-file.js";
import { describeReadProjectFile, type ReadProjectFileImplementation } from "./suites/read-project-file.js";

const READERS: readonly ReadProjectFileImplementation[] = [
  { name: "where the kernel tells what was opened", create: createReadProjectFile },
  {
    name: "where the kernel does not",
    create: (folders) => createReadProjectFile({ ...folders, openFiles: "/nowhere" }),
  },
];

for (const implementation of READERS) describeReadProjectFile(implementation);
