/** The library face of watchfire: the label, query and source types that a program embedding it needs. */
export { Labels } from './labels/labels.ts';
export { Matcher } from './labels/matcher.ts';
export type * from './monitor/sources.ts';
