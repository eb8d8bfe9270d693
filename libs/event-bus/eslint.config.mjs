import workspace from '../../eslint.config.mjs';

/** The Kafka client stays behind the port: another one must be a change of one folder. */
export default [
  ...workspace,
  {
    files: ['**/*.ts'],
    ignores: ['src/kafka/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'kafkajs', message: 'Only src/kafka knows the client.' }] },
      ],
    },
  },
];
