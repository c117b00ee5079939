/** Scene 1: an alert fires, and a person on call goes from it to its series, its logs, a trace, and back, by keys alone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PATIENCE_MS, TerminalProgram } from './terminal.ts';

describe('on call, at a terminal', { timeout: 4 * PATIENCE_MS }, () => {
  let screen: TerminalProgram;

  beforeAll(() => {
    // At half its pace an alert fires for more than a minute: long enough to go into it on a busy machine.
    screen = new TerminalProgram(['demo', '--seed', '1', '--speed', '0.5', '--utc'], { columns: 120, rows: 40 });
  });

  afterAll(() => screen.kill());

  it('opens on one screen that says what is wrong, since when, and who was told', async () => {
    await screen.until('4 of 4 targets up');
    await screen.until(/▲ \d firing/);
    await screen.until(/▲ firing\s+critical\s+HighErrorRate\s+payment.*since \d\d:\d\d:\d\d/);
    const text = await screen.until((each) => each.slice(each.indexOf('Told')).includes('HighErrorRate'));
    expect(text).toContain('Errors in the logs');
    expect(text).toContain('Failed and slow traces');
  });

  it('shows the alert’s series against its threshold on Enter', async () => {
    await screen.press('Enter');
    const text = await screen.until(
      (each) => /FIRING\s+critical\s+[\d.]+ % > 5 %\s+since/.test(each) && /[⠀-⣿]/.test(each),
    );
    expect(text).toContain('threshold > 5 %');
    expect(text).toMatch(/for 12s\s+in group shop-alerts/);
    expect(text).toMatch(/Error rate is [\d.]+% for (payment|orders)/);
  });

  it('shows the logs of that service in that window on l', async () => {
    const service = /Error rate is [\d.]+% for (\w+)/.exec(screen.text())![1]!;
    await screen.press('l');
    const text = await screen.until((each) => each.includes(`logs ${service}`) && /\d\d:\d\d:\d\d\.\d{3} /.test(each));
    const services = [...text.matchAll(/\d\d:\d\d:\d\d\.\d{3} \S+\s+(\w+)/g)].map((match) => match[1]);
    expect(new Set(services)).toEqual(new Set([service]));
  });

  it('shows the whole record on Enter, and its trace as a waterfall on t', async () => {
    await screen.press('E', 'Enter');
    const record = await screen.until(/traceId\s+[0-9a-f]{32}/);
    expect(record).toMatch(/ERROR/);
    const traceId = /traceId\s+([0-9a-f]{32})/.exec(record)![1]!;
    await screen.press('t');
    const trace = await screen.until((each) => /\d+ spans\s+\d+ services/.test(each) && each.includes(traceId));
    expect(trace).toContain('critical path');
    expect(trace).toMatch(/━/);
    expect(trace).toMatch(/✕ (orders|payment) POST/);
  });

  it('comes back with Esc, step by step, and never quits by it', async () => {
    await screen.press('Esc');
    await screen.until(/traceId\s+[0-9a-f]{32}/);
    await screen.press('Esc');
    await screen.until((each) => /logs (payment|orders)/.test(each) && !each.includes('traceId'));
    await screen.press('Esc');
    await screen.until('Annotations');
    await screen.press('Esc');
    await screen.until('Errors in the logs');
    await screen.press('Esc');
    await screen.until('Errors in the logs');
    expect(screen.exitCode).toBeUndefined();
  });

  it('goes through all seven views and gives the terminal back on q', async () => {
    for (const [key, sign] of [
      ['2', 'http_requests_total'],
      ['3', 'HighErrorRate'],
      ['4', /payment|orders/],
      ['5', 'checkout'],
      ['6', /127\.0\.0\.1:\d+/],
      ['7', 'shop-alerts'],
      ['1', 'Errors in the logs'],
    ] as const) {
      await screen.press(key);
      await screen.until(sign);
    }
    screen.type('q');
    expect(await screen.ended()).toBe(0);
    // The alternate screen is left and the cursor shown again.
    expect(screen.written).toMatch(/\u001b\[\?1049l/);
    expect(screen.written.lastIndexOf('\u001b[?25h')).toBeGreaterThan(screen.written.lastIndexOf('\u001b[?25l'));
  });
});
