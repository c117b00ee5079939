/** Parts of receivers' entries that several tests write. */
export const sigv4 = { region: 'eu-west-1', access_key: 'AKID', secret_key: 'secret' };
export const jira = {
  api_url: 'http://jira',
  project: 'OPS',
  issue_type: 'Bug',
  http_config: { basic_auth: { username: 'u', password: 'p' } },
};
