/** The payment service: charges a card at a bank, which is down during the error burst. */
import { type Service, type ShopRequest, type ShopSurroundings, startService } from './service.ts';
import { ShopError } from './shop-error.ts';

const BANK_URL = 'https://api.bank.example/v2/charges';

export function startPayment(surroundings: ShopSurroundings): Promise<Service> {
  return startService('payment', surroundings, (app, service) => {
    app.post('/charges', async (request: ShopRequest, response) => {
      const { orderId, amount } = request.body as { orderId: number; amount: number };
      const dice = request.dice!;
      await chargeAtBank(service, request);
      const statement = 'INSERT INTO charges (order_id, amount, state) VALUES ($1, $2, $3)';
      await service.database.run({ operation: 'INSERT', table: 'charges', statement, typicalMs: 8 }, dice);
      service.logger.logBusinessEvent('payment_captured', { orderId, amount });
      response.status(201).json({ orderId, state: 'captured' });
    });
  });
}

async function chargeAtBank(service: Service, request: ShopRequest): Promise<void> {
  const dice = request.dice!;
  const down = service.incident()?.kind === 'error-burst' && dice.chance(0.45);
  const durationMs = dice.latencyMs(down ? 90 : 35);
  const answer = await service.tracing.traceExternalCall(
    { service: 'bank', method: 'POST', url: BANK_URL },
    async () => {
      await new Promise((resolve) => setTimeout(resolve, durationMs));
      return { status: down ? 503 : 201 };
    },
  );
  const call = { service: 'bank', endpoint: '/v2/charges', method: 'POST', statusCode: answer.status, durationMs };
  if (!down) return service.logger.logExternalApiCall(call);
  const error = new ShopError(502, 'PaymentProviderError', 'the bank answered 503 Service Unavailable');
  service.logger.logExternalApiCall(call, error);
  throw error;
}
