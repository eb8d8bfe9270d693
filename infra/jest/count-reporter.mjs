import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Leaves the run's counts in `test-results/counts.json`, where `npm test` adds them up (cached runs too). The option
 * `file` names another file there.
 */
export default class CountReporter {
  constructor(globalConfig, { file = 'counts.json' } = {}) {
    this.folder = join(globalConfig.rootDir, 'test-results');
    this.file = file;
  }

  onRunComplete(_contexts, results) {
    mkdirSync(this.folder, { recursive: true });
    const skipped = results.testResults
      .flatMap((file) => file.testResults)
      .filter(({ status }) => status === 'pending' || status === 'todo')
      .map(({ fullName }) => fullName);
    const counts = {
      passed: results.numPassedTests,
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
      skippedNames: skipped,
    };
    writeFileSync(join(this.folder, this.file), `${JSON.stringify(counts, null, 2)}\n`);
  }
}
