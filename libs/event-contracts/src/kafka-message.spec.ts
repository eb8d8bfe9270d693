import { describe, expect, it } from '@jest/globals';

import { fromKafkaMessage, toKafkaMessage } from './kafka-message.ts';
import { contracts } from './registry.ts';

const [contract] = contracts;
if (contract === undefined) throw new Error('there is no contract');
const event = contract.example;
const bytes = (text: string) => new TextEncoder().encode(text);

describe('binary content mode', () => {
  it('puts the attributes into headers and the data alone into the value', () => {
    expect(toKafkaMessage(event)).toEqual({
      key: 'ns-why-the-sky-is-blue',
      value: JSON.stringify(event.data),
      headers: {
        'content-type': 'application/json',
        ce_specversion: '1.0',
        ce_id: 'ns-why-the-sky-is-blue/3',
        ce_source: 'urn:newscience:legacy',
        ce_type: 'newscience.article.Published.v1',
        ce_subject: 'ns-why-the-sky-is-blue',
        ce_time: '2026-03-02T06:00:00.000Z',
        ce_traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      },
    });
  });

  it.each(contracts.map((one) => [one.type, one.example] as const))('brings %s back', (_, sent) => {
    expect(fromKafkaMessage(toKafkaMessage(sent))).toEqual({ ok: true, value: sent });
  });

  it('reads bytes, other cases and repeated headers', () => {
    const { value, headers } = toKafkaMessage(event);
    const received = {
      value: bytes(value),
      headers: {
        ...Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, bytes(text)])),
        'content-type': undefined,
        'Content-Type': [bytes('text/plain'), bytes('application/json')],
      },
    };
    expect(fromKafkaMessage(received)).toEqual({ ok: true, value: event });
  });

  it.each([
    ['no value', { ...toKafkaMessage(event), value: null }, 'no value'],
    ['no JSON', { ...toKafkaMessage(event), value: '{' }, 'not JSON'],
    ['no headers', { value: '{}' }, 'specversion'],
    [
      'another type of content',
      { value: '{}', headers: { ...toKafkaMessage(event).headers, 'content-type': 'text/xml' } },
      'datacontenttype',
    ],
  ])('says of a record with %s what is wrong', (_, message, problem) => {
    const read = fromKafkaMessage(message);
    expect(read).toMatchObject({ ok: false, error: { code: 'not_an_event' } });
    expect(read.ok ? '' : read.error.detail).toContain(problem);
  });
});
