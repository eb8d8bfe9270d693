import { err, ok, type Result } from '@newscience/service-kit/result';
import type { Site, SiteService } from '@newscience/site-client/find-site';
import type { SiteError } from '@newscience/site-client/site-error';

const SERVICE = /^([a-z][a-z0-9-]{0,39})=(https?:\/\/[^\s/]+?)\/*$/;

/** `activity-service=http://127.0.0.1:8084`; undefined for anything else. */
export function readService(text: string): SiteService | undefined {
  const [, name, url] = SERVICE.exec(text.trim()) ?? [];
  return name === undefined || url === undefined || !URL.canParse(url) ? undefined : { name, url };
}

/**
 * The services to ask: those that were named with `--service`, then those of `NEWSCIENCE_SERVICES` (comma-separated),
 * then those of the site that runs here. The first of a name counts.
 */
export function servicesOf(
  site: Pick<Site, 'services' | 'url'>,
  named: readonly SiteService[],
  env: Readonly<Record<string, string | undefined>>,
): Result<readonly SiteService[], SiteError> {
  const listed = (env['NEWSCIENCE_SERVICES'] ?? '').split(',').filter((text) => text.trim() !== '');
  const fromEnv = listed.map((text) => ({ text, service: readService(text) }));
  const wrong = fromEnv.find(({ service }) => service === undefined);
  if (wrong !== undefined) {
    const detail = `NEWSCIENCE_SERVICES should have NAME=URL, comma-separated, got "${wrong.text}"`;
    return err({ code: 'site_not_found', detail });
  }
  const found = new Map<string, SiteService>();
  for (const service of [...named, ...fromEnv.map((one) => one.service), ...site.services])
    if (service !== undefined && !found.has(service.name)) found.set(service.name, service);
  if (found.size > 0) return ok([...found.values()]);
  const detail = `no service of ${site.url ?? 'the site'} is known: name them with --service NAME=URL or NEWSCIENCE_SERVICES`;
  return err({ code: 'site_not_found', detail });
}

/** The service of that name, or what is known instead. */
export function serviceNamed(
  services: readonly SiteService[],
  name: string,
): Result<SiteService, SiteError> {
  const found = services.find((service) => service.name === name);
  if (found !== undefined) return ok(found);
  const known = services.map((service) => service.name).join(', ');
  const detail = `no service "${name}" is known; known are: ${known}. Name it with --service ${name}=URL`;
  return err({ code: 'site_not_found', detail });
}
