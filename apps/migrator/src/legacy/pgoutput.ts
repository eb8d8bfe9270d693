import { PgoutputPlugin, type Pgoutput } from 'pg-logical-replication';

export type Decoded = Pgoutput.Message;

export type Decoder = {
  readonly decode: (message: Buffer) => Decoded;
  /** The command that starts the stream. */
  readonly startCommand: (slot: string, fromLsn: string) => string;
};

/**
 * The library's decoder of PostgreSQL's `pgoutput` format, and nothing else of it: its client confirms one byte past
 * the position it is given, so that a transaction whose commit record stands right there would be skipped; it goes on
 * to the next message after a handler has failed; and it cannot be stopped while it holds the stream back.
 *
 * Values stay PostgreSQL's text: a parsed time would lose its microseconds.
 */
export function createDecoder(publication: string): Decoder {
  const plugin = new PgoutputPlugin({ protoVersion: 1, publicationNames: [publication] });
  return {
    decode: (buffer) => {
      const message = plugin.parse(buffer);
      if (message.tag === 'relation')
        for (const column of message.columns) column.parser = (text: string) => text;
      return message;
    },
    startCommand: (slot, fromLsn) =>
      `START_REPLICATION SLOT ${slot} LOGICAL ${fromLsn} (proto_version '1', publication_names '${publication}', messages 'true')`,
  };
}
