import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { err, ok, type Result } from '@newscience/service-kit/result';

/** How far an import of a file is: everything up to and including `line` is done. */
export type Mark = {
  line: number;
  created: number;
  updated: number;
  unchanged: number;
  rejected: number;
  /** Length of the report up to here, in bytes. */
  reportBytes: number;
};

export const BEGINNING: Mark = {
  line: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  rejected: 0,
  reportBytes: 0,
};

/**
 * What an import remembers on disk until it is complete: how far it is, and which ids it has seen. In a
 * file, because a set of all ids would grow with the import.
 */
export type Ledger = {
  mark: Mark;
  /** Remembers the id for the next `commit`. The line that had it before, or null. */
  see: (id: string, line: number) => number | null;
  /** Keeps what was seen, and how far the import is. */
  commit: (mark: Mark) => void;
  /** Forgets what was seen since the last commit; keeps the file for the next run, or removes it. */
  close: (fate: 'keep' | 'remove') => void;
};

/** Names the import of one content of one file into one site. */
export function ledgerFile(folder: string, parts: readonly (string | number)[]): string {
  const key = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 20);
  return join(folder, `${key}.sqlite`);
}

/** Opens or makes a ledger. The error is a sentence: another import has it, or the folder is not writable. */
export function openLedger(file: string, { fresh = false } = {}): Result<Ledger, string> {
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(join(file, '..'), { recursive: true });
    if (fresh) rmSync(file, { force: true });
    db = new DatabaseSync(file, { timeout: 500 });
    // A killed process loses nothing with this; a power cut costs a repeated batch at most.
    db.exec('PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE');
    db.exec(`CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS mark (one INTEGER PRIMARY KEY CHECK (one = 1), value TEXT NOT NULL);
             BEGIN IMMEDIATE`);
    return ok(ledgerOver(db, file));
  } catch (error) {
    db?.close();
    const reason = error instanceof Error ? error.message : String(error);
    if (/locked|busy/.test(reason)) {
      return err('Another import of this file is running. Wait for its end.');
    }
    return err(`${file} cannot be used (${reason}). Remove it, or check the folder's permissions.`);
  }
}

function ledgerOver(db: DatabaseSync, file: string): Ledger {
  const insert = db.prepare('INSERT OR IGNORE INTO seen (id, line) VALUES (?, ?)');
  const select = db.prepare('SELECT line FROM seen WHERE id = ?');
  const write = db.prepare('INSERT OR REPLACE INTO mark (one, value) VALUES (1, ?)');
  const stored = db.prepare('SELECT value FROM mark').get()?.['value'];
  const ledger: Ledger = {
    mark: typeof stored === 'string' ? { ...BEGINNING, ...parseMark(stored) } : BEGINNING,
    see: (id, line) => {
      if (insert.run(id, line).changes === 1) return null;
      return Number(select.get(id)?.['line']);
    },
    commit: (mark) => {
      write.run(JSON.stringify(mark));
      db.exec('COMMIT; BEGIN IMMEDIATE');
      ledger.mark = mark;
    },
    close: (fate) => {
      db.exec('ROLLBACK');
      db.close();
      if (fate === 'remove') rmSync(file, { force: true });
    },
  };
  return ledger;
}

function parseMark(text: string): Partial<Mark> {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? value : {};
}
