/** A small number for a text. */

/** FNV-1a over its UTF-16 units, 32 bits: the same on every machine, and not against somebody who looks for collisions. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
