/** What goes into one image: the files that are started in it, by the name under which they are. */
export type Program = {
  /** Of the image. */
  readonly name: string;
  /** Folder of the project, from the root of the clone. */
  readonly project: string;
  /** `main` becomes `main.mjs`; paths from the project's folder. */
  readonly entries: Readonly<Record<string, string>>;
};

const service = (name: string, more: Readonly<Record<string, string>> = {}): Program => ({
  name,
  project: `apps/${name}`,
  entries: { main: 'src/main.ts', migrate: 'src/migrate.ts', ...more },
});

/** All images. A further service is a further entry here, a stage in the Dockerfile, and its part of docker-compose.yml. */
export const programs: readonly Program[] = [
  service('monolith', { sample: 'src/sample/main.ts' }),
  service('gateway'),
  service('migrator', { provision: 'src/provision.ts' }),
  service('activity-service'),
  {
    name: 'setup',
    project: 'infra/docker',
    entries: {
      secrets: 'src/setup/secrets.ts',
      volumes: 'src/setup/volumes.ts',
      databases: 'src/setup/databases.ts',
      topics: 'src/setup/topics.ts',
    },
  },
];
