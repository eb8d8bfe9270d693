/** How a client is to prove who it is. */
export type Sasl = {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
};

/** Paths of PEM files; each may be missing. */
export type TlsFiles = {
  /** Authorities to believe in place of the system's. */
  readonly ca?: string;
  /** With `key`, the client's own certificate. */
  readonly cert?: string;
  readonly key?: string;
};

export type KafkaAddress = {
  readonly brokers: string[];
  /** Undefined: the connection is in the clear. */
  readonly tls?: TlsFiles;
  readonly sasl?: Sasl;
};

/** How a URL is written, for messages. */
export const KAFKA_URL_FORM =
  'kafka://[user:password@]host:port[,host:port…][?tls=on|off&sasl=plain|scram-sha-256|scram-sha-512&ca=FILE&cert=FILE&key=FILE]';
/** `problem` says what is wrong, without anything of the URL but names of parameters. */
export class KafkaUrlError extends TypeError {
  readonly problem: string;

  constructor(problem: string) {
    super(`The URL of the Kafka bus is not right: ${problem}. It is written as ${KAFKA_URL_FORM}.`);
    this.name = 'KafkaUrlError';
    this.problem = problem;
  }
}

const parameters = ['tls', 'sasl', 'ca', 'cert', 'key'] as const;
const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
const host = /^(?:[\w.-]+|\[[\da-f:]+\]):\d{1,5}$/i;

/**
 * Reads the URL of a Kafka bus. Credentials need TLS, unless `tls=off` says that the network is trusted; files of
 * certificates need it too. No message repeats anything of the URL but names of parameters.
 *
 * @throws KafkaUrlError where it is not one, or contradicts itself
 */
export function readKafkaUrl(url: string): KafkaAddress {
  const [, user, hosts = '', query = ''] =
    /^kafka:\/\/(?:([^/?#@]*)@)?([^/?#@]+)\/?(?:\?([^#]*))?$/.exec(url) ?? [];
  const brokers = hosts.split(',');
  if (!brokers.every((one) => host.test(one))) throw fault('it names no broker as host:port');
  const { tls: wish, sasl: mechanism, ...files } = readQuery(query);

  if (wish !== undefined && wish !== 'on' && wish !== 'off') throw fault('tls should be on or off');
  if ((files.cert === undefined) !== (files.key === undefined))
    throw fault('cert and key belong together');
  const hasFiles = Object.keys(files).length > 0;
  if (wish === 'off' && hasFiles) throw fault('tls=off contradicts ca, cert and key');

  const sasl = readSasl(user, mechanism);
  const secure = wish === undefined ? hasFiles || sasl !== undefined : wish === 'on';
  return {
    brokers,
    ...(secure ? { tls: files } : {}),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

function readQuery(query: string): Partial<Record<(typeof parameters)[number], string>> {
  const found: Partial<Record<(typeof parameters)[number], string>> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const known = parameters.find((one) => one === name);
    if (known === undefined) throw fault(`it has no parameter "${name.slice(0, 40)}"`);
    if (value === '' || known in found) throw fault(`${known} should have one value`);
    found[known] = value;
  }
  return found;
}

function readSasl(user: string | undefined, mechanism: string | undefined): Sasl | undefined {
  if (user === undefined) {
    if (mechanism !== undefined) throw fault('sasl needs user:password@ before the hosts');
    return undefined;
  }
  const known = mechanisms.find((one) => one === (mechanism ?? 'scram-sha-512'));
  if (known === undefined) throw fault(`sasl should be one of ${mechanisms.join(', ')}`);
  const [, name = '', word = ''] = /^([^:]+):(.+)$/.exec(user) ?? [];
  const [username, password] = [decoded(name), decoded(word)];
  if (username === '' || password === '')
    throw fault('user and password should be there, special characters percent-encoded');
  return { mechanism: known, username, password };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

const fault = (problem: string): KafkaUrlError => new KafkaUrlError(problem);
