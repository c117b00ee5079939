/** Which service a label set is of, and what the same service is called elsewhere. */
import type { Labels } from '../../labels/labels.ts';

const SERVICE_LABELS = [
  'service',
  'service_name',
  'app',
  'application',
  'app_kubernetes_io_name',
  'component',
  'container',
  'deployment',
];

/** The name that says most; empty where the labels name none. */
export function serviceOf(labels: Labels): string {
  for (const name of SERVICE_LABELS) if (labels.get(name) !== '') return labels.get(name);
  return labels.get('job') !== '' ? labels.get('job') : labels.get('instance').replace(/:\d+$/, '');
}

/** The one of `known` that means the same service as the labels say; undefined where none does. */
export function matchService(
  known: readonly string[],
  labels: Labels | undefined,
  service: string | undefined,
): string | undefined {
  const wanted = [
    service ?? '',
    ...(labels === undefined ? [] : [...SERVICE_LABELS, 'job'].map((name) => labels.get(name))),
    labels?.get('instance').replace(/:\d+$/, '') ?? '',
  ].filter((each) => each !== '');
  for (const each of wanted) if (known.includes(each)) return each;
  for (const each of wanted) {
    const found = known.find((name) => bare(name) === bare(each));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What is said where `matchService` finds none. */
export function serviceNote(records: 'logs' | 'traces', service: string | undefined): string {
  return service === undefined
    ? `it names no service: the ${records} of all are shown`
    : `no service of the ${records} is ${service}: all are shown`;
}

/** `order-service`, `order_svc` and `shop/order` are all `order`. */
function bare(name: string): string {
  return name
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/[-_. ]?(service|svc|app|api|server)$/, '');
}
