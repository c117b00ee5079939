/** The 64-bit FNV-1a fingerprint of a label set, as Prometheus' `common/model` computes it: Alertmanager names alerts by it. */
import type { Labels } from './labels.ts';

const OFFSET_HIGH = 0xcbf29ce4;
const OFFSET_LOW = 0x84222325;
/** The prime is 2^40 and this. */
const PRIME_REST = 0x1b3;
const SEPARATOR = 0xff;
const encoder = new TextEncoder();

/** The hash so far, in two halves: 64 bits are more than a number holds. */
let high = 0;
let low = 0;

/** 16 lower-case hexadecimal digits, as Alertmanager's API writes them. */
export function fingerprint({ names, values }: Labels): string {
  high = OFFSET_HIGH;
  low = OFFSET_LOW;
  for (let i = 0; i < names.length; i++) {
    addText(names[i]!);
    add(SEPARATOR);
    addText(values[i]!);
    add(SEPARATOR);
  }
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

function addText(text: string): void {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) {
      // No character before it is more than a byte.
      for (const byte of encoder.encode(text.slice(i))) add(byte);
      return;
    }
    add(code);
  }
}

function add(byte: number): void {
  const xored = (low ^ byte) >>> 0;
  const product = xored * PRIME_REST;
  high = (Math.imul(high, PRIME_REST) + Math.floor(product / 2 ** 32) + (xored << 8)) >>> 0;
  low = product >>> 0;
}
