/** A mail address that its owner recognises and nobody else can use: `a…e@example.org`. */
export function maskMail(address: string): string {
  const at = address.lastIndexOf('@');
  const local = Array.from(address.slice(0, Math.max(at, 0)));
  const ends = local.length < 4 ? (local[0] ?? '') : `${local[0] ?? ''}…${local.at(-1) ?? ''}`;
  return `${ends}${local.length < 4 ? '…' : ''}${at < 0 ? '' : address.slice(at)}`;
}
