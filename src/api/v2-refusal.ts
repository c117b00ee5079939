/** Requests that the API does not take, with the status and the body that Alertmanager answers. */

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    super(typeof body === 'string' ? body : JSON.stringify(body));
    this.status = status;
    this.body = body;
  }
}

/** A refusal by the form of the request: `code` is that of the validation. */
export function refusal(status: number, code: number, message: string): Refusal {
  return new Refusal(status, { code, message });
}
