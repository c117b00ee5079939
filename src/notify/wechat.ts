/** WeChat Work: a message of an application, with an access token that is asked for and kept for two hours. */
import type { Notifier, NotifyOutcome } from '../alerting/integration.ts';
import type { Clock } from '../config/clock.ts';
import {
  bodyJson,
  type ChannelContext,
  DELIVERED,
  failed,
  isOutcome,
  jsonRequest,
  optional,
  retryAfter,
  send,
} from './channel.ts';
import type { Fields } from './fields.ts';
import type { Rendering } from './template-data.ts';

const TOKEN_LIFE_MS = 2 * 3_600_000;
const TOKEN_EXPIRED = 42001;

export interface WechatContext extends ChannelContext {
  readonly clock: Clock;
}

export function wechatNotifier({ fields, http, render, clock }: WechatContext): Notifier {
  let token: { readonly text: string; readonly sinceMs: number } | undefined;
  const base = (): string => fields.text('api_url').replace(/\/$/, '');
  const askForToken = async (rendering: Rendering, signal: AbortSignal): Promise<NotifyOutcome> => {
    const query = new URLSearchParams({
      corpsecret: rendering.text(fields.textOrFile('api_secret')),
      corpid: rendering.text(fields.text('corp_id')),
    });
    const answer = await send(http, { method: 'GET', url: `${base()}/gettoken?${query}` }, signal);
    if (isOutcome(answer)) return answer;
    const said = bodyJson(answer) as { access_token?: string } | undefined;
    if (!said?.access_token) return failed(`invalid APISecret for CorpID: ${fields.text('corp_id')}`);
    token = { text: said.access_token, sinceMs: clock.nowMs() };
    return DELIVERED;
  };
  return {
    async notify(notification, signal) {
      const rendering = render(notification);
      if (token === undefined || clock.nowMs() - token.sinceMs > TOKEN_LIFE_MS) {
        const asked = await askForToken(rendering, signal);
        if (!asked.ok) return asked;
      }
      const url = `${base()}/message/send?access_token=${encodeURIComponent(token!.text)}`;
      const answer = await send(http, jsonRequest(url, message(fields, rendering)), signal);
      if (isOutcome(answer)) return answer;
      if (answer.status !== 200) {
        return { ...failed(`unexpected status code ${answer.status}`, true), retryAfterMs: retryAfter(answer) };
      }
      const said = bodyJson(answer) as { errcode?: number; errmsg?: string } | undefined;
      if (said?.errcode === 0) return DELIVERED;
      if (said?.errcode === TOKEN_EXPIRED) token = undefined;
      return failed(
        said?.errmsg ?? 'could not read the answer of WeChat',
        said?.errcode === TOKEN_EXPIRED || said === undefined,
      );
    },
  };
}

function message(fields: Fields, rendering: Rendering): unknown {
  const content = rendering.text(fields.text('message'));
  const kind = fields.text('message_type');
  return {
    text: { content: kind === 'markdown' ? '' : content },
    ...optional({
      touser: rendering.text(fields.text('to_user')),
      toparty: rendering.text(fields.text('to_party')),
      totag: rendering.text(fields.text('to_tag')),
      agentid: rendering.text(fields.text('agent_id')),
      safe: '0',
      msgtype: kind,
    }),
    markdown: { content: kind === 'markdown' ? content : '' },
  };
}
