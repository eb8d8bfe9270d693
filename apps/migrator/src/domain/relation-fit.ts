/** What a relation looks like at a place in the stream. */
export type StreamedRelation = {
  readonly name: string;
  readonly keyColumns: readonly string[];
  readonly columns: readonly { readonly name: string; readonly typeOid: number }[];
};

const typeOids: Readonly<Record<string, number>> = {
  integer: 23,
  smallint: 21,
  text: 25,
  uuid: 2950,
  character: 1042,
  'timestamp with time zone': 1184,
};

/** What at this place in the stream is not as expected, in words; null where all is. */
export function relationFault(
  expected: {
    readonly name: string;
    readonly key: readonly string[];
    readonly columns: readonly { readonly name: string; readonly type: string }[];
  },
  is: StreamedRelation,
): string | null {
  const { name } = expected;
  const types = new Map(is.columns.map((column) => [column.name, column.typeOid]));
  for (const column of expected.columns) {
    const oid = types.get(column.name);
    if (oid === undefined)
      return `The column ${name}.${column.name} was dropped, renamed or left out.`;
    if (oid !== typeOids[column.type])
      return `The column ${name}.${column.name} is no longer of type ${column.type}.`;
  }
  return [...is.keyColumns].sort().join() === [...expected.key].sort().join()
    ? null
    : `The changes of ${name} do not carry its primary key.`;
}
