/** A dead letter or an entry of the audit log among those of all services: `activity-service/12`. */
export type LetterName = { readonly service: string; readonly id: string };

export const nameOf = (service: string, id: string): string => `${service}/${id}`;

export function readLetterName(text: string): LetterName | undefined {
  const [, service, id] = /^([a-z][a-z0-9-]{0,39})\/([1-9]\d{0,17})$/.exec(text) ?? [];
  return service === undefined || id === undefined ? undefined : { service, id };
}
