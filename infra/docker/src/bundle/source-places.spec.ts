import { describe, expect, it } from '@jest/globals';

import { withPlace } from './source-places.ts';

describe('the place of a source in a bundle', () => {
  it('is the one that it has in the clone, below the folder of the bundle', async () => {
    const source = `export const here = import.meta.dirname; export const self = import.meta.url;`;
    const module = withPlace(source, 'apps/x/src/pages/show.ts');
    const folder = import.meta.dirname;
    // A module made of text has no folder of its own.
    const placed = module.replace('import.meta.dirname', JSON.stringify(folder));
    const found: unknown = await import(`data:text/javascript,${encodeURIComponent(placed)}`);
    expect(found).toMatchObject({
      here: `${folder}/apps/x/src/pages`,
      self: `file://${folder}/apps/x/src/pages/show.ts`,
    });
  });
});
