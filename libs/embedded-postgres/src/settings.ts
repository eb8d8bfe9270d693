/** Values of postgresql.conf by name, as they stand there: numbers with units, on/off, plain text. */
export type Settings = Readonly<Record<string, string>>;

/**
 * A server for one machine that is shared with everything else: small, loopback only, ready for change capture.
 * PostgreSQL's own defaults are kept unless a line says why not.
 */
const house: Settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '', // a socket's path is limited to 107 bytes, a clone's path is not
  password_encryption: 'scram-sha-256',
  wal_level: 'logical', // change data capture out of the legacy database
  max_wal_senders: '8',
  max_replication_slots: '8',
  max_connections: '60',
  shared_buffers: '32MB',
  work_mem: '4MB',
  maintenance_work_mem: '32MB',
  min_wal_size: '32MB',
  max_wal_size: '256MB',
  max_slot_wal_keep_size: '2GB', // a forgotten replication slot must not fill the disk
  io_method: 'sync', // no I/O worker processes
  max_logical_replication_workers: '0', // publishes only: no launcher process
  max_parallel_workers: '2',
  autovacuum_max_workers: '2',
  jit: 'off',
  huge_pages: 'off',
  dynamic_shared_memory_type: process.platform === 'win32' ? 'windows' : 'mmap', // a container's /dev/shm may be tiny
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] %q%u@%d ',
  log_checkpoints: 'off',
  cluster_name: 'newscience',
};

/** The lines that are added to postgresql.conf. A caller's setting takes the place of the house's. */
export function settingsFile(port: number, settings: Settings = {}): string {
  const all = { ...house, ...settings, port: String(port) };
  const lines = Object.entries(all).map(
    ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`,
  );
  return `${lines.join('\n')}\n`;
}

/** Who may connect: with a password, over loopback, and nobody else. */
export const clientAuthentication = `# TYPE  DATABASE     USER  ADDRESS       METHOD
host    all          all   127.0.0.1/32  scram-sha-256
host    replication  all   127.0.0.1/32  scram-sha-256
`;
