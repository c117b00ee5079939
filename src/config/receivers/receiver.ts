/** `receivers` entries: their name, and all kinds of integrations. */
import type { ReceiverConfig, ReceiverKind } from '../alertmanager-config.ts';
import type { AlertmanagerGlobal } from '../alertmanager-global.ts';
import type { SourcePlace } from '../prometheus-config.ts';
import { type Field, field, list, type StructPlace, struct, type Type, text, toRecord } from '../schema.ts';
import { textMap } from '../value-types.ts';
import type { YamlMap } from '../yaml-reader.ts';
import {
  discordIntegration,
  mattermostIntegration,
  msteamsIntegration,
  msteamsv2Integration,
  rocketchatIntegration,
  telegramIntegration,
  webexIntegration,
  wechatIntegration,
} from './chat.ts';
import { emailIntegration } from './email.ts';
import {
  incidentioIntegration,
  jiraIntegration,
  opsgenieIntegration,
  pagerdutyIntegration,
  pushoverIntegration,
  snsIntegration,
  victoropsIntegration,
} from './incident.ts';
import { inheritGlobals } from './inherit.ts';
import type { RawIntegration } from './integration.ts';
import { commandIntegration, desktopIntegration, terminalIntegration, webhookIntegration } from './own.ts';
import { slackIntegration } from './slack.ts';

export interface RawReceiver {
  readonly name: string;
  readonly place: SourcePlace;
  readonly namePlace: SourcePlace;
  /** Fills in the globals; problems go to the reading. */
  complete(global: AlertmanagerGlobal): ReceiverConfig;
}

/** Kinds of which an entry may be null, and then says nothing itself. */
const MAY_BE_NULL: readonly ReceiverKind[] = ['slack', 'opsgenie', 'wechat', 'rocketchat'];

export function receiver(strict: boolean): Type<RawReceiver | undefined> {
  const kinds: Readonly<Record<ReceiverKind, Type<RawIntegration | undefined>>> = {
    discord: discordIntegration,
    email: emailIntegration(strict),
    incidentio: incidentioIntegration,
    pagerduty: pagerdutyIntegration,
    slack: slackIntegration,
    webhook: webhookIntegration,
    opsgenie: opsgenieIntegration,
    wechat: wechatIntegration,
    pushover: pushoverIntegration,
    victorops: victoropsIntegration,
    sns: snsIntegration(strict),
    telegram: telegramIntegration,
    webex: webexIntegration,
    msteams: msteamsIntegration,
    msteamsv2: msteamsv2Integration,
    jira: jiraIntegration,
    rocketchat: rocketchatIntegration,
    mattermost: mattermostIntegration,
    desktop: desktopIntegration,
    terminal: terminalIntegration,
    command: commandIntegration,
  };
  const own: readonly string[] = ['desktop', 'terminal', 'command'];
  const accepted = Object.entries(kinds).filter(([kind]) => !strict || !own.includes(kind)) as [
    ReceiverKind,
    Type<RawIntegration | undefined>,
  ][];
  const lists: Readonly<Record<string, Field<readonly RawIntegration[] | undefined>>> = Object.fromEntries(
    accepted.map(([kind, type]) => [`${kind}_configs`, field(integrations(kind, type))]),
  );
  return struct('config.plain', { name: field(text), labels: field(textMap), ...lists }, (raw, at): RawReceiver => {
    if (raw.name === '') at.fail('name', 'missing name in receiver: give it a name that routes can use');
    checkLabels(raw.name, raw.labels, at);
    const found = accepted.map(([kind]) => (raw as Readonly<Record<string, unknown>>)[`${kind}_configs`]) as (
      | readonly RawIntegration[]
      | undefined
    )[];
    return {
      name: raw.name,
      place: at.place,
      namePlace: at.of('name'),
      complete: (global) => ({
        name: raw.name,
        place: at.place,
        labels: { ...toRecord(raw.labels), name: raw.name },
        integrations: found.flatMap((each) => (each ?? []).map((one, index) => inheritGlobals(one, index, global))),
      }),
    };
  });
}

function checkLabels(
  name: string,
  labels: readonly { readonly key: string; readonly value: string; readonly place: SourcePlace }[] | undefined,
  at: StructPlace,
): void {
  const named = labels?.find((each) => each.key === 'name');
  if (!named || named.value === name) return;
  const message = `receiver label "name" must match receiver name ${JSON.stringify(name)}, got ${JSON.stringify(named.value)}`;
  at.fail(named.place, message);
}

function integrations(
  kind: ReceiverKind,
  type: Type<RawIntegration | undefined>,
): Type<readonly RawIntegration[] | undefined> {
  const entries = list(type);
  return {
    name: entries.name,
    zero: undefined,
    read(value, reading) {
      const read = entries.read(value, reading);
      if (typeof read === 'symbol' || read === undefined || value.kind !== 'list')
        return read as typeof read & undefined;
      const filled: RawIntegration[] = [];
      for (const [index, each] of read.entries()) {
        const { place } = value.items[index]!;
        const empty: YamlMap = { kind: 'map', place, entries: [] };
        const one = each ?? (MAY_BE_NULL.includes(kind) ? type.read(empty, reading) : undefined);
        if (typeof one === 'symbol') return one;
        if (one === undefined) return reading.fail(place, `missing ${kind} config: fill it in or remove it`);
        filled.push(one);
      }
      return filled;
    },
  };
}
