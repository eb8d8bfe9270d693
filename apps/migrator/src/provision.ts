import { describeFaults, readConfig } from '@newscience/service-kit/config';
import { messageOf } from '@newscience/service-kit/error-text';

import { provisionSchema } from './config.ts';
import { provision } from './legacy/provisioning.ts';

/** Prepares the legacy database for change capture, and ends: 0 done, 1 not done, 78 wrong settings. */
const read = readConfig(provisionSchema, process.env);
if (read.ok) {
  const { LEGACY_ADMIN_URL, LEGACY_CAPTURE_PASSWORD, CAPTURE_ROLE, CAPTURE_PUBLICATION } =
    read.value;
  try {
    await provision({
      adminUrl: LEGACY_ADMIN_URL.reveal(),
      role: CAPTURE_ROLE,
      password: LEGACY_CAPTURE_PASSWORD.reveal(),
      publication: CAPTURE_PUBLICATION,
    });
    process.stdout.write(
      `The legacy database is ready for change capture (role ${CAPTURE_ROLE}).\n`,
    );
  } catch (error) {
    process.stderr.write(
      `The legacy database was not made ready for change capture.\n${messageOf(error)}\n`,
    );
    process.exitCode = 1;
  }
} else {
  process.stderr.write(`${describeFaults(read.error)}\n`);
  process.exitCode = 78;
}
