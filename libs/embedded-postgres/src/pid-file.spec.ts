import { describe, expect, it } from '@jest/globals';

import { parsePidFile } from './pid-file.ts';

describe('postmaster.pid', () => {
  const text = '559\n/srv/data\n1795451517\n5999\n\n127.0.0.1\n  9994289         4\nready   \n';

  it('tells the process, the port and whether it accepts connections', () => {
    expect(parsePidFile(text)).toEqual({ pid: 559, port: 5999, ready: true });
    expect(parsePidFile(text.replace('ready', 'starting'))).toMatchObject({ ready: false });
  });

  it.each(['', '\n', 'x\n', '0\n', '1\n', '-7\n'])('tells nothing where it holds %j', (broken) => {
    expect(parsePidFile(broken)).toBeUndefined();
  });
});
