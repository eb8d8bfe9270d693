import { contracts } from './registry.ts';
import type { EventContract } from './define-event.ts';
import { topicOf } from './envelope.ts';
import { jsonSchemaOf, type JsonSchema } from './json-schema.ts';
import { topics, type TopicPolicy } from './topics.ts';

const DAY_MS = 86_400_000;

/** The AsyncAPI 3 document of all contracts. */
export function buildAsyncApi(): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'New Science: events',
      version: '1.0.0',
      description:
        'Facts that the services of New Science tell each other, as CloudEvents 1.0 in JSON. ' +
        'On Kafka in binary content mode: the attributes are headers with the prefix `ce_`, the value is the data.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(topics.map((policy) => [nameOf(policy.topic), channel(policy)])),
    operations: Object.fromEntries(
      topics.flatMap(({ topic, about }) =>
        (['send', 'receive'] as const).map((action) => [
          `${action}${capital(nameOf(topic))}Events`,
          {
            action,
            summary: about,
            channel: { $ref: `#/channels/${nameOf(topic)}` },
            messages: contractsOn(topic).map(({ type }) => ({
              $ref: `#/channels/${nameOf(topic)}/messages/${key(type)}`,
            })),
          },
        ]),
      ),
    ),
    components: {
      messages: Object.fromEntries(contracts.map((one) => [key(one.type), message(one)])),
    },
  };
}

function channel({ topic, partitions, retention, about }: TopicPolicy): object {
  const compacted = retention.kind === 'latest-per-key';
  return {
    address: topic,
    description: about,
    messages: Object.fromEntries(
      contractsOn(topic).map(({ type }) => [
        key(type),
        { $ref: `#/components/messages/${key(type)}` },
      ]),
    ),
    bindings: {
      kafka: {
        topic,
        partitions,
        topicConfiguration: compacted
          ? { 'cleanup.policy': ['compact'] }
          : { 'cleanup.policy': ['delete'], 'retention.ms': retention.days * DAY_MS },
        bindingVersion: '0.5.0',
      },
    },
  };
}

function message(contract: EventContract): object {
  const { type, when, example } = contract;
  const { properties = {}, required = [] } = jsonSchemaOf(contract);
  const { data, ...attributes } = properties;
  const { data: payload, ...shown } = example;
  return {
    name: type,
    title: type,
    summary: when,
    contentType: 'application/json',
    headers: {
      type: 'object',
      properties: Object.fromEntries(
        Object.entries(attributes).map(([name, schema]) => [header(name), schema]),
      ),
      required: required.filter((name) => name !== 'data').map(header),
    },
    payload: data ?? ({} satisfies JsonSchema),
    examples: [
      {
        name: 'example',
        headers: Object.fromEntries(
          Object.entries(shown).map(([name, value]) => [header(name), value]),
        ),
        payload,
      },
    ],
    bindings: {
      kafka: {
        key: { type: 'string', description: 'The subject: id of the aggregate.' },
        bindingVersion: '0.5.0',
      },
    },
  };
}

const contractsOn = (topic: string): readonly EventContract[] =>
  contracts.filter(({ type }) => topicOf(type) === topic);

const header = (attribute: string): string =>
  attribute === 'datacontenttype' ? 'content-type' : `ce_${attribute}`;

const nameOf = (topic: string): string => topic.replace('newscience.', '');
/** Keys of AsyncAPI objects hold no dots in every tool. */
const key = (type: string): string => type.replace('newscience.', '').replaceAll('.', '_');
const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
