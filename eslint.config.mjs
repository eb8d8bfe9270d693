import { architecture } from './infra/lint/architecture.mjs';
import { typescript } from './infra/lint/typescript.mjs';

export default [
  {
    ignores: [
      '**/node_modules',
      '**/dist',
      '**/test-results',
      '**/fixture',
      '.nx',
      '.newscience',
      '.newscience-compose',
    ],
  },
  ...typescript,
  ...architecture,
];
