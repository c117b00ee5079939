/** Labels or annotations as a rule's file gives them: with those whose value is empty, which take a label away. */
import { compareBytes } from '../labels/compare.ts';
import { Labels } from '../labels/labels.ts';

/** Unlike other label sets it may have empty values. */
export function writtenLabels(texts: Readonly<Record<string, string>>): Labels {
  const names = Object.keys(texts).sort(compareBytes);
  return Labels.fromSorted(
    names,
    names.map((name) => texts[name]!),
  );
}
