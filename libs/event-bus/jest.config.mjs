import { projectConfig } from '../../infra/jest/project-config.mjs';

export default projectConfig(import.meta.dirname);
