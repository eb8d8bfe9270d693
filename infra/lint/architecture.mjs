import nx from '@nx/eslint-plugin';

/**
 * The house rules on three axes. What a project is (`type:`), whose it is (`scope:`) and where it runs
 * (`runtime:`); each axis is checked for itself. Tests and benchmarks may use the testing kits on top.
 */
const scopes = [
  { sourceTag: 'scope:kit', onlyDependOnLibsWithTags: ['scope:kit'] },
  {
    sourceTag: 'scope:monolith',
    onlyDependOnLibsWithTags: ['scope:monolith', 'scope:kit', 'scope:anti-corruption'],
  },
  {
    sourceTag: 'scope:gateway',
    onlyDependOnLibsWithTags: ['scope:gateway', 'scope:kit', 'scope:platform'],
  },
  {
    sourceTag: 'scope:activity',
    onlyDependOnLibsWithTags: ['scope:activity', 'scope:kit', 'scope:platform'],
  },
  { sourceTag: 'scope:platform', onlyDependOnLibsWithTags: ['scope:platform', 'scope:kit'] },
  {
    sourceTag: 'scope:anti-corruption',
    onlyDependOnLibsWithTags: ['scope:anti-corruption', 'scope:platform', 'scope:kit'],
  },
  {
    sourceTag: 'scope:migrator',
    onlyDependOnLibsWithTags: [
      'scope:migrator',
      'scope:anti-corruption',
      'scope:platform',
      'scope:kit',
    ],
  },
  {
    sourceTag: 'scope:local',
    onlyDependOnLibsWithTags: ['scope:local', 'scope:kit', 'scope:platform'],
  },
  {
    sourceTag: 'scope:docker',
    onlyDependOnLibsWithTags: ['scope:docker', 'scope:kit', 'scope:platform'],
  },
  { sourceTag: 'scope:e2e', onlyDependOnLibsWithTags: ['scope:kit'] },
];
const runtimes = [
  { sourceTag: 'runtime:node', onlyDependOnLibsWithTags: ['runtime:node', 'runtime:any'] },
  { sourceTag: 'runtime:browser', onlyDependOnLibsWithTags: ['runtime:browser', 'runtime:any'] },
  { sourceTag: 'runtime:any', onlyDependOnLibsWithTags: ['runtime:any'] },
];
const types = (extra) => [
  {
    sourceTag: 'type:app',
    onlyDependOnLibsWithTags: ['type:pure', 'type:contracts', 'type:kit', 'type:adapter', ...extra],
  },
  {
    sourceTag: 'type:adapter',
    onlyDependOnLibsWithTags: ['type:pure', 'type:contracts', 'type:kit', 'type:adapter', ...extra],
  },
  { sourceTag: 'type:kit', onlyDependOnLibsWithTags: ['type:pure', 'type:kit', ...extra] },
  {
    sourceTag: 'type:contracts',
    onlyDependOnLibsWithTags: ['type:pure', 'type:contracts', ...extra],
  },
  { sourceTag: 'type:pure', onlyDependOnLibsWithTags: ['type:pure', ...extra] },
  {
    sourceTag: 'type:testing',
    onlyDependOnLibsWithTags: [
      'type:pure',
      'type:kit',
      'type:adapter',
      'type:contracts',
      'type:testing',
    ],
  },
  { sourceTag: 'type:e2e', onlyDependOnLibsWithTags: ['type:testing', 'type:kit'] },
];
const boundaries = (extra) => [
  'error',
  {
    allow: [],
    allowCircularSelfDependency: true,
    banTransitiveDependencies: false,
    depConstraints: [...types(extra), ...scopes, ...runtimes],
  },
];

const tests = [
  '**/*.spec.ts',
  '**/*.bench.ts',
  '**/*.drill.ts',
  '**/test/**/*.ts',
  '**/bench/**/*.ts',
];

const impure = [
  'process',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'console',
  'performance',
  'crypto',
  'Buffer',
];
const purity = (imports) => ({
  'no-restricted-imports': [
    'error',
    { patterns: [{ regex: imports, message: 'A domain folder imports nothing but itself.' }] },
  ],
  'no-restricted-globals': [
    'error',
    ...impure.map((name) => ({
      name,
      message: 'A domain is pure: pass the value in with the command.',
    })),
  ],
  'no-restricted-syntax': [
    'error',
    { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
    {
      selector: "NewExpression[callee.name='Date'][arguments.length=0]",
      message: 'Time comes in with the command.',
    },
    {
      selector: "MemberExpression[object.name='Date'][property.name='now']",
      message: 'Time comes in with the command.',
    },
    {
      selector: "MemberExpression[object.name='Math'][property.name='random']",
      message: 'Chance comes in with the command.',
    },
    { selector: 'ImportExpression', message: 'A domain folder imports nothing but itself.' },
  ],
});

export const architecture = [
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    rules: { '@nx/enforce-module-boundaries': boundaries([]) },
  },
  { files: tests, rules: { '@nx/enforce-module-boundaries': boundaries(['type:testing']) } },
  { files: ['**/domain/*.ts'], ignores: ['**/*.spec.ts'], rules: purity('^(?!\\./)') },
  {
    files: ['**/domain/*/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: purity('^(?!\\./|\\.\\./[^.])'),
  },
];
