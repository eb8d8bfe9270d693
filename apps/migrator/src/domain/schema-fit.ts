/** A table as capture expects it. */
export type ExpectedTable = {
  readonly name: string;
  readonly key: readonly string[];
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly leftOut: readonly string[];
};

/** A table as the legacy database has it. */
export type FoundTable = {
  readonly name: string;
  readonly primaryKey: readonly string[];
  /** `d` (primary key), `f`, `i` or `n`. */
  readonly replicaIdentity: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Columns in the publication; null where the table is not in it. */
  readonly published: readonly string[] | null;
  /** Columns that the capture role may read. */
  readonly readable: readonly string[];
};

export type FoundSchema = {
  /** Null where there is no such publication. */
  readonly publication: {
    readonly operations: readonly string[];
    readonly filtered: readonly string[];
  } | null;
  readonly tables: readonly FoundTable[];
};

/** Why nothing can be captured. Each code is one kind of remedy. */
export type SchemaFault = {
  readonly code: 'capture_not_provisioned' | 'table_without_primary_key' | 'legacy_schema_changed';
  readonly detail: string;
  readonly remedy: string;
};

export type SchemaFit = {
  readonly faults: readonly SchemaFault[];
  /** Worth knowing, no reason to stop. */
  readonly notices: readonly string[];
};

const PROVISION = 'Run the provisioning of the migrator (src/provision.ts) on the legacy database.';
const RELEASE =
  'Undo the change, or deploy a migrator whose list of captured columns knows it. A fresh snapshot follows by itself.';

/** Holds the legacy database against what capture expects of it. */
export function schemaFit(
  expected: readonly ExpectedTable[],
  found: FoundSchema,
  { beforeProvisioning = false }: { beforeProvisioning?: boolean } = {},
): SchemaFit {
  const faults: SchemaFault[] = [];
  const notices: string[] = [];
  if (!beforeProvisioning) faults.push(...publicationFaults(found));
  for (const table of expected) {
    const is = found.tables.find(({ name }) => name === table.name);
    if (is === undefined) {
      faults.push(changed(`The table ${table.name} is not there any more.`));
      continue;
    }
    faults.push(...keyFaults(table, is), ...columnFaults(table, is));
    if (!beforeProvisioning) faults.push(...accessFaults(table, is));
    notices.push(...unknownColumns(table, is));
  }
  return { faults, notices };
}

function publicationFaults({ publication }: FoundSchema): SchemaFault[] {
  if (publication === null)
    return [unprovisioned('The legacy database has no publication for capture.')];
  const missing = ['insert', 'update', 'delete', 'truncate'].filter(
    (operation) => !publication.operations.includes(operation),
  );
  const faults: SchemaFault[] = [];
  if (missing.length > 0)
    faults.push(unprovisioned(`The publication leaves out: ${missing.join(', ')}.`));
  if (publication.filtered.length > 0)
    faults.push(
      unprovisioned(`The publication leaves out rows of ${publication.filtered.join(', ')}.`),
    );
  return faults;
}

function keyFaults(table: ExpectedTable, is: FoundTable): SchemaFault[] {
  const key = (columns: readonly string[]) => [...columns].sort().join(', ');
  if (is.primaryKey.length === 0)
    return [
      {
        code: 'table_without_primary_key',
        detail: `The table ${table.name} has no primary key: which row a change or a deletion means could not be told, and PostgreSQL would refuse both to the application itself.`,
        remedy: `ALTER TABLE ${table.name} ADD PRIMARY KEY (${table.key.join(', ')});`,
      },
    ];
  if (key(is.primaryKey) !== key(table.key))
    return [
      changed(
        `The primary key of ${table.name} is (${is.primaryKey.join(', ')}) and no longer (${table.key.join(', ')}).`,
      ),
    ];
  if (is.replicaIdentity !== 'd')
    return [
      {
        code: 'legacy_schema_changed',
        detail: `Changes of ${table.name} do not carry its primary key (replica identity "${is.replicaIdentity}").`,
        remedy: `ALTER TABLE ${table.name} REPLICA IDENTITY DEFAULT;`,
      },
    ];
  return [];
}

function columnFaults(table: ExpectedTable, is: FoundTable): SchemaFault[] {
  const types = new Map(is.columns.map(({ name, type }) => [name, type]));
  return table.columns.flatMap(({ name, type }) => {
    const now = types.get(name);
    if (now === undefined)
      return [changed(`The column ${table.name}.${name} was dropped or renamed.`)];
    return now === type
      ? []
      : [changed(`The column ${table.name}.${name} is of type ${now} and no longer ${type}.`)];
  });
}

function accessFaults(table: ExpectedTable, is: FoundTable): SchemaFault[] {
  if (is.published === null)
    return [unprovisioned(`The table ${table.name} is not in the publication.`)];
  const there = new Set(is.columns.map(({ name }) => name));
  const wanted = table.columns.map(({ name }) => name).filter((name) => there.has(name));
  const { published, readable } = is;
  const faults: SchemaFault[] = [];
  const unpublished = wanted.filter((name) => !published.includes(name));
  const unreadable = wanted.filter((name) => !readable.includes(name));
  const tooMuch = published.filter((name) => table.leftOut.includes(name));
  const list = (names: readonly string[]) =>
    names.map((name) => `${table.name}.${name}`).join(', ');
  if (unpublished.length > 0)
    faults.push(unprovisioned(`The publication leaves out ${list(unpublished)}.`));
  if (unreadable.length > 0)
    faults.push(unprovisioned(`The capture role may not read ${list(unreadable)}.`));
  if (tooMuch.length > 0)
    faults.push(
      unprovisioned(
        `The publication holds ${list(tooMuch)}, which must not leave the legacy database.`,
      ),
    );
  return faults;
}

function unknownColumns(table: ExpectedTable, is: FoundTable): string[] {
  const known = new Set([...table.columns.map(({ name }) => name), ...table.leftOut]);
  return is.columns
    .filter(({ name }) => !known.has(name))
    .map(({ name }) => `The column ${table.name}.${name} is new and not captured.`);
}

const changed = (detail: string): SchemaFault => ({
  code: 'legacy_schema_changed',
  detail,
  remedy: RELEASE,
});

const unprovisioned = (detail: string): SchemaFault => ({
  code: 'capture_not_provisioned',
  detail,
  remedy: PROVISION,
});
