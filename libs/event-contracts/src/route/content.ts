import { z } from 'zod';

/** A stage of the way from the monolith to a service. Gateways of later versions may know more of them. */
export const stageName = z.enum(['monolith', 'shadow', 'canary', 'cutover', 'retired']);

/** What every route event carries besides its own part. */
export const routeChange = z.object({
  routeId: z.string().min(1).max(63),
  revision: z.int().min(1).meta({ description: 'Of the route table after this change.' }),
  by: z.object({ id: z.string(), name: z.string() }),
  why: z.string().min(1),
});

export const routeState = z.object({
  path: z.string().min(1).meta({ description: 'The path pattern.' }),
  methods: z.array(z.string()).meta({ description: 'Empty: any method.' }),
  target: z.string().min(1).meta({ description: 'The name of an upstream, or an origin.' }),
  stage: stageName,
});

export const exampleChange = {
  routeId: 'search',
  revision: 7,
  by: { id: '9b2f8e0e-6c3a-4f0b-9c55-3d1f5b6d7a21', name: 'Night shift' },
  why: 'parity has been above 99 % for a day',
};
