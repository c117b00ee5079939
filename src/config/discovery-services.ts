/** The discoveries of schedulers, registries and inventories: checked, not run. */
import {
  checkHttpUrl,
  checkUrl,
  type Discovery,
  filters,
  httpKind,
  kind,
  MINUTE_MS,
  refresh,
  require,
  texts,
} from './discovery-kind.ts';
import { boolean, field, integer, type Raw, type StructPlace, text } from './schema.ts';
import { duration, filePath, secret, textMap, urlText } from './value-types.ts';

const zookeeperFields = { servers: texts(), paths: texts(), timeout: field(duration, 10_000) };

function checkZookeeper(name: string): (raw: Raw<typeof zookeeperFields>, at: StructPlace) => void {
  return (raw, at) => {
    require(at, 'servers', raw.servers ?? [], `${name} SD config must contain at least one Zookeeper server`);
    require(at, 'paths', raw.paths ?? [], `${name} SD config must contain at least one path`);
    for (const [index, path] of (raw.paths ?? []).entries()) {
      if (!path.startsWith('/'))
        at.fail(at.item('paths', index), `${name} SD config paths must begin with '/': ${path}`);
    }
  };
}

/** By the name before `_sd_configs`. */
export const serviceDiscoveries: Readonly<Record<string, Discovery>> = {
  consul: httpKind(
    'consul',
    {
      server: field(text, 'localhost:8500'),
      path_prefix: field(text),
      token: field(secret),
      datacenter: field(text),
      namespace: field(text),
      partition: field(text),
      tag_separator: field(text, ','),
      scheme: field(text, 'http'),
      username: field(text),
      password: field(secret),
      allow_stale: field(boolean, true),
      refresh_interval: refresh(30_000),
      services: texts(),
      tags: texts(),
      node_meta: field(textMap),
      filter: field(text),
      health_filter: field(text),
    },
    (raw, at) => {
      require(at, 'server', raw.server.trim(), 'consul SD configuration requires a server address');
      if ((raw.username !== '' || raw.password) && raw.basic_auth) {
        at.fail(
          'basic_auth',
          'at most one of consul SD configuration username and password and basic auth can be configured',
        );
      }
      if (raw.token && (raw.authorization || raw.oauth2)) {
        at.fail('token', 'at most one of consul SD token, authorization, or oauth2 can be configured');
      }
    },
  ),
  docker: httpKind(
    'docker',
    {
      host: field(urlText),
      port: field(integer, 80),
      filters,
      host_networking_host: field(text, 'localhost'),
      refresh_interval: refresh(),
      match_first_network: field(boolean, true),
    },
    (raw, at) => {
      require(at, 'host', raw.host, 'host missing');
      checkUrl(at, 'host', raw.host);
    },
  ),
  dockerswarm: httpKind(
    'dockerswarm',
    { host: field(urlText), role: field(text), port: field(integer, 80), filters, refresh_interval: refresh() },
    (raw, at) => {
      require(at, 'host', raw.host, 'host missing');
      checkUrl(at, 'host', raw.host);
      if (raw.role === '') at.fail('role', 'role missing (one of: tasks, services, nodes)');
      else if (!['services', 'nodes', 'tasks'].includes(raw.role)) {
        at.fail('role', `invalid role ${raw.role}, expected tasks, services, or nodes`);
      }
    },
  ),
  eureka: httpKind('eureka', { server: field(urlText), refresh_interval: refresh(30_000) }, (raw, at) => {
    if (raw.server === '') return at.fail('server', 'eureka_sd: empty or null eureka server');
    const url = checkUrl(at, 'server', raw.server);
    if (url && (url.scheme === '' || url.host === '')) at.fail('server', 'eureka_sd: invalid eureka server URL');
  }),
  kuma: httpKind(
    'kuma',
    {
      refresh_interval: refresh(15_000),
      fetch_timeout: refresh(2 * MINUTE_MS),
      server: field(urlText),
      client_id: field(text),
    },
    (raw, at) => {
      if (raw.server === '') return at.fail('server', 'kuma SD server must not be empty: ');
      const url = checkUrl(at, 'server', raw.server);
      if (url && (url.scheme === '' || url.host === '')) {
        at.fail('server', `kuma SD server must not be empty and have a scheme: ${raw.server}`);
      }
    },
  ),
  marathon: httpKind(
    'marathon',
    {
      servers: texts(),
      refresh_interval: refresh(30_000),
      auth_token: field(secret),
      auth_token_file: field(filePath),
    },
    (raw, at) => {
      require(at, 'servers', raw.servers ?? [], 'marathon_sd: must contain at least one Marathon server');
      if (raw.auth_token && raw.auth_token_file) {
        at.fail('auth_token_file', 'marathon_sd: at most one of auth_token & auth_token_file must be configured');
      }
      if (!raw.auth_token && !raw.auth_token_file) return;
      const place = raw.auth_token ? 'auth_token' : 'auth_token_file';
      if (raw.basic_auth) {
        at.fail(place, 'marathon_sd: at most one of basic_auth, auth_token & auth_token_file must be configured');
      } else if (raw.bearer_token || raw.bearer_token_file) {
        const names = 'bearer_token, bearer_token_file, auth_token & auth_token_file';
        at.fail(place, `marathon_sd: at most one of ${names} must be configured`);
      } else if (raw.authorization) {
        at.fail(place, 'marathon_sd: at most one of auth_token, auth_token_file & authorization must be configured');
      }
    },
  ),
  nerve: kind('nerve', zookeeperFields, checkZookeeper('nerve')),
  nomad: httpKind(
    'nomad',
    {
      allow_stale: field(boolean, true),
      namespace: field(text, 'default'),
      refresh_interval: refresh(),
      region: field(text, 'global'),
      server: field(urlText, 'http://localhost:4646'),
      tag_separator: field(text, ','),
    },
    (raw, at) => require(at, 'server', raw.server.trim(), 'nomad SD configuration requires a server address'),
  ),
  puppetdb: httpKind(
    'puppetdb',
    {
      refresh_interval: refresh(),
      url: field(urlText),
      query: field(text),
      include_parameters: field(boolean),
      port: field(integer, 80),
    },
    (raw, at) => {
      if (raw.url === '') at.fail('url', 'URL is missing');
      else checkHttpUrl(at, 'url', raw.url);
      require(at, 'query', raw.query, 'query missing');
    },
  ),
  serverset: kind('serverset', zookeeperFields, checkZookeeper('serverset')),
  uyuni: httpKind(
    'uyuni',
    {
      server: field(urlText),
      username: field(text),
      password: field(secret),
      entitlement: field(text, 'monitoring_entitled'),
      separator: field(text, ','),
      refresh_interval: refresh(),
    },
    (raw, at) => {
      if (raw.server === '') at.fail('server', 'Uyuni SD configuration requires server host');
      checkUrl(at, 'server', raw.server, 'Uyuni Server URL is not valid: ');
      require(at, 'username', raw.username, 'Uyuni SD configuration requires a username');
      require(at, 'password', raw.password, 'Uyuni SD configuration requires a password');
    },
  ),
};
