import { distributedConfig } from '../../infra/jest/project-config.mjs';

export default distributedConfig(import.meta.dirname);
