import { describe, expect, it } from '@jest/globals';

import { clientAuthentication, settingsFile } from './settings.ts';

describe('settings', () => {
  it('are loopback only, with hashed passwords, ready for change capture', () => {
    const text = settingsFile(8089);
    for (const line of [
      "listen_addresses = '127.0.0.1'",
      "wal_level = 'logical'",
      "password_encryption = 'scram-sha-256'",
      "port = '8089'",
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(clientAuthentication).not.toMatch(/trust|md5|0\.0\.0\.0|\ball\s+all\s+all\b/);
  });

  it("take the caller's value for the house's, quoted, and never another port", () => {
    const text = settingsFile(8089, { work_mem: '8MB', application_name: "it's", port: '1' });
    expect(text).toContain("work_mem = '8MB'\n");
    expect(text).not.toContain("work_mem = '4MB'");
    expect(text).toContain("application_name = 'it''s'\n");
    expect(text).toContain("port = '8089'\n");
  });
});
