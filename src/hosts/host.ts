/** The type of the facts that legwork knows about one host. Each host is one file of data; known-hosts.ts lists them. */

export interface Host {
  /** The host's name in configuration (`import: [claude]`) and the vocabulary of its definition files. */
  readonly id: string;
  /** Patterns of the names that the host sends as `clientInfo.name` at initialize. */
  readonly clientNames: readonly string[];
  readonly limits: HostLimits;
  /** Names of arguments that the host adds to tool calls by itself. legwork drops them. */
  readonly addedArguments: readonly string[];
  /** The files in which the host keeps its MCP servers; null where legwork imports none. */
  readonly servers: ServerFiles | null;
  /** Where the host keeps its agent definitions; null where legwork reads none. */
  readonly agents: AgentFiles | null;
}

export interface HostLimits {
  /** Bytes of one answer, as JSON in UTF-8. */
  readonly maxAnswer: number;
  /** Seconds that one call may wait. */
  readonly maxWaitSeconds: number;
}

export interface ServerFiles {
  /** The project's file, relative to the project. It counts only while the project is trusted. */
  readonly projectFile: string;
  /** Whether the host also reads the file of each folder between its working folder and the project. */
  readonly isNested: boolean;
  /** The variable that moves the user's files to another folder. */
  readonly homeVariable: string;
  readonly userFile: UserFile;
  /** A file of the user that switches servers off and defines none. */
  readonly userSwitches: UserFile;
  /** Files of the project that switch servers off and define none, relative to the project. */
  readonly projectSwitches: readonly string[];
}

/** Paths of one file of the user. */
export interface UserFile {
  /** Relative to the user's home folder. */
  readonly inHome: string;
  /** Relative to the folder that `homeVariable` names, where it is set. */
  readonly inVariable: string;
}

export interface AgentFiles {
  /** Relative to the project and each folder between it and the working folder, and to the user's home folder. */
  readonly folder: string;
  /** The variable that moves the user's files to another folder, and the path in there. */
  readonly homeVariable: string;
  readonly inVariable: string;
  /** Whether files in folders below count too. */
  readonly hasSubfolders: boolean;
  /** The beginning of the names of files that the host does not read; null where it reads all. */
  readonly ignoredPrefix: string | null;
  /** How the names of the files end. */
  readonly endings: readonly string[];
}
