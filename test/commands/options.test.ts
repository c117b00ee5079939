import { join } from 'node:path';
import { expect, it } from 'vitest';
import { resolveSettings } from '../../src/commands/options.ts';

it('keeps the path of prometheus.yml as it was given, and one state for it however it was given', async () => {
  const here = process.cwd();
  const given = async (prometheusConfig: string, directory = here) =>
    (await resolveSettings({ prometheusConfig }, [], { directory, environment: {}, interactive: false })).settings;
  const relative = await given('conf/p.yml');
  const absolute = await given(join(here, 'conf/p.yml'));
  expect(relative.prometheusConfigFile).toBe('conf/p.yml');
  expect(absolute.prometheusConfigFile).toBe(join(here, 'conf/p.yml'));
  expect(relative.stateDirectory).toBe(absolute.stateDirectory);
  expect((await given('p.yml', '/elsewhere')).prometheusConfigFile).toBe('/elsewhere/p.yml');
});
