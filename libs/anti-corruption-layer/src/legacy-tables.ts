/** A column as change capture expects to find it. */
export type LegacyColumn = {
  readonly name: string;
  /** As PostgreSQL's `format_type` writes it, without a length. */
  readonly type: string;
};

/** A table of the legacy database that is captured. */
export type LegacyTable = {
  readonly name: string;
  readonly key: readonly string[];
  readonly columns: readonly LegacyColumn[];
  /** Columns that are known and must not leave the legacy database, or that nobody needs. */
  readonly leftOut: readonly string[];
  /** The column whose value others look this table's rows up by. */
  readonly parent?: string;
  /** The column that is the aggregate's id for everyone else. */
  readonly subject?: string;
};

const int = 'integer';
const text = 'text';
const time = 'timestamp with time zone';

const columns = (types: Readonly<Record<string, string>>): LegacyColumn[] =>
  Object.entries(types).map(([name, type]) => ({ name, type }));

const namesOf = (name: string, column: string): LegacyTable => ({
  name,
  key: ['art_id', 'seq'],
  columns: columns({ art_id: int, seq: 'smallint', [column]: text }),
  leftOut: [],
  parent: 'art_id',
});

/**
 * What is captured, column by column: the publication, the grants, the snapshot and the check of the schema are
 * made of this list. Mail addresses, password hashes and token versions are not in it, so they never leave the
 * legacy database.
 */
export const legacyTables: readonly LegacyTable[] = [
  {
    name: 'sect',
    key: ['sect_cd'],
    columns: columns({ sect_cd: text, sect_nm: text }),
    leftOut: [],
  },
  {
    name: 'usr',
    key: ['usr_id'],
    columns: columns({
      usr_id: int,
      usr_ref: 'uuid',
      nm: text,
      rol: 'character',
      sts: 'character',
      crt_ts: time,
    }),
    leftOut: ['eml', 'eml_lc', 'pwd_hsh', 'tok_ver', 'upd_ts'],
    subject: 'usr_ref',
  },
  {
    name: 'art',
    key: ['art_id'],
    columns: columns({
      art_id: int,
      art_ref: text,
      ttl: text,
      kick: text,
      smry: text,
      bdy: text,
      sect_cd: text,
      sts: 'character',
      pub_ts: time,
      wdr_ts: time,
      upd_ts: time,
      rev: int,
      typ: text,
      bdy_knd: text,
      src_nm: text,
      src_url: text,
      lic_nm: text,
      lic_url: text,
      kwd: text,
    }),
    leftOut: ['emb_ts', 'crt_ts', 'own_usr_id'],
    parent: 'sect_cd',
    subject: 'art_ref',
  },
  namesOf('art_aut', 'aut_nm'),
  namesOf('art_top', 'top_nm'),
  namesOf('art_rel', 'rel_ref'),
  {
    name: 'cmt',
    key: ['cmt_id'],
    columns: columns({
      cmt_id: int,
      cmt_ref: 'uuid',
      art_id: int,
      usr_id: int,
      par_id: int,
      txt: text,
      sts: 'character',
      crt_ts: time,
    }),
    leftOut: ['hid_usr_id'],
    subject: 'cmt_ref',
  },
];

/** A captured row: PostgreSQL's text of each column, in the session settings `DateStyle=ISO`, `TimeZone=UTC`. */
export type LegacyRow = Readonly<Record<string, string | null>>;
