import { defineConfig } from 'vitest/config';

/** Contract suites against real peers found on this machine; each suite names what it did not find as skipped. */
export default defineConfig({
  test: {
    include: ['test/real/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
  },
});
