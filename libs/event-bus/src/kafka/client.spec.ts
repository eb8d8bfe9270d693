import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@newscience/service-kit/logging';

import { clientOptions } from './client.ts';

const logger = createLogger({ service: 'event-bus-test', level: 'silent' });
const optionsOf = (url: string) => clientOptions(url, 'search-service', logger);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'newscience-kafka-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function pem(name: string): string {
  const file = join(folder, name);
  writeFileSync(file, `-----BEGIN CERTIFICATE-----\n${name}\n`);
  return file;
}

describe('what the Kafka client is told', () => {
  it('is no TLS and no SASL for a plain URL', () => {
    const options = optionsOf('kafka://a:9092,b:9092');
    expect(options).toMatchObject({ clientId: 'search-service', brokers: ['a:9092', 'b:9092'] });
    expect(options).not.toHaveProperty('ssl');
    expect(options).not.toHaveProperty('sasl');
  });

  it('is TLS with the authorities of the system, checked', () => {
    expect(optionsOf('kafka://a:9093?tls=on').ssl).toEqual({ minVersion: 'TLSv1.2' });
  });

  it('is the content of the files', () => {
    const [ca, cert, key] = ['ca', 'cert', 'key'].map(pem);
    const options = optionsOf(`kafka://a:9093?ca=${ca}&cert=${cert}&key=${key}`);
    expect(options.ssl).toEqual({
      minVersion: 'TLSv1.2',
      ca: expect.stringContaining('ca'),
      cert: expect.stringContaining('cert'),
      key: expect.stringContaining('key'),
    });
  });

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])('is the mechanism %s', (mechanism) => {
    expect(optionsOf(`kafka://user:w%40rd@a:9093?sasl=${mechanism}`)).toMatchObject({
      ssl: { minVersion: 'TLSv1.2' },
      sasl: { mechanism, username: 'user', password: 'w@rd' },
    });
  });

  it('is nothing where a file is missing or no certificate', () => {
    const url = `kafka://user:hidden@a:9093?ca=${join(folder, 'gone')}`;
    expect(() => optionsOf(url)).toThrow('The file of "ca" in the URL of the Kafka bus cannot be');
    expect(() => optionsOf(url)).toThrow(/^(?!.*hidden)/s);
    const file = join(folder, 'text');
    writeFileSync(file, 'hello');
    expect(() => optionsOf(`kafka://a:9093?ca=${file}`)).toThrow('is not PEM');
  });
});
