/** The stores on which the contract suites run: a second database joins with one more entry. */
import type { CatalogStore, PinStore } from "../../src/core/ports/catalog-store.js";
import type { Clock } from "../../src/core/ports/clock-and-log.js";
import type { DatabaseObserver } from "../../src/core/ports/database-observer.js";
import type { PaceStore } from "../../src/core/ports/pace-store.js";
import type { RunStore } from "../../src/core/ports/run-store.js";
import { sqlite } from "../support/sqlite-database.js";

export interface StorePorts {
  /** Its `close` closes all four. */
  readonly runs: RunStore;
  readonly catalogs: CatalogStore;
  readonly pins: PinStore;
  readonly paces: PaceStore;
}

/** A process as the store knows it: its own name, and the processes that it can tell are dead. */
export interface ProcessIdentity {
  readonly own: string;
  isProvablyDead(owner: string): boolean;
}

/** A run as it is stored, with the facts that the ports do not show. */
export interface StoredRun {
  readonly id: string;
  readonly owner: string | null;
  readonly leaseUntil: number | null;
  readonly status: string;
  readonly epoch: number;
  readonly attempts: number;
  readonly interruptedAt: number | null;
  readonly lastSeq: number;
  readonly hasEnded: boolean;
  readonly hasOutcome: boolean;
  /** The types of its events in their order. */
  readonly events: readonly string[];
}

/** A new database that only this test uses. */
export interface TestDatabase {
  /** Opens it as one more process; the caller closes that. */
  open(process?: ProcessIdentity): StorePorts;
  /** In place of a process that has crashed: opens the database as another process, perhaps sooner than `open` does. */
  replace(crashed: StorePorts, process: ProcessIdentity): StorePorts;
  /** Opens it as an observer, which the caller closes. */
  observe(): DatabaseObserver;
  /** The runs of a project in the order of their creation, read past the ports. */
  look(project: string): readonly StoredRun[];
  /** Makes the last event of a run unreadable. */
  damageJournal(runId: string): void;
  /** Takes away the place of all catalogs and pins. */
  damageCatalogs(): void;
  /** Deletes it; all that were opened are closed by then. */
  remove(): void;
}

export interface StoreImplementation {
  readonly name: string;
  /** The name under which this process of the system would own runs. */
  ownName(): string;
  create(clock: Clock): TestDatabase;
}

export const STORES: readonly StoreImplementation[] = [sqlite];
