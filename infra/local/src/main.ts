import { dirname } from 'node:path';

import { runLauncher } from './run-launcher.ts';
import { newScience } from './services.ts';

await runLauncher({ site: newScience, root: dirname(dirname(dirname(import.meta.dirname))) });
