/** The orders service: an order asks users, inventory and payment, and is then written down. */
import { type CallAnswer, type Service, type ShopRequest, type ShopSurroundings, startService } from './service.ts';
import { ShopError } from './shop-error.ts';

export interface OrderPeers {
  readonly users: Service;
  readonly inventory: Service;
  readonly payment: Service;
}

interface OrderForm {
  readonly userId: number;
  readonly productId: number;
  readonly quantity: number;
}

export function startOrders(surroundings: ShopSurroundings, peers: OrderPeers): Promise<Service> {
  let lastOrderId = 41_000;
  let notifications = 0;
  return startService('orders', surroundings, (app, service) => {
    app.post('/orders', async (request: ShopRequest, response) => {
      const form = request.body as OrderForm;
      const orderId = ++lastOrderId;
      service.metrics.recordBusinessEvent('order_created');
      const operation = service.tracing.startBusinessOperation('create_order', {
        'user.id': form.userId,
        'order.id': orderId,
        'product.id': form.productId,
      });
      try {
        const amount = await operation.run(() => placeOrder(service, peers, request, orderId, operation.addEvent));
        operation.end();
        service.metrics.recordBusinessEvent('order_completed');
        service.metrics.recordBusinessEvent('revenue', amount);
        service.logger.logBusinessEvent('order_created', { orderId, amount, ...form });
        service.metrics.updateQueueSize('notifications', ++notifications);
        setTimeout(
          () => service.metrics.updateQueueSize('notifications', --notifications),
          request.dice!.latencyMs(900),
        ).unref();
        response.status(201).json({ orderId, amount });
      } catch (error) {
        operation.end(error);
        service.metrics.recordBusinessEvent('order_failed');
        throw error;
      }
    });
    app.get('/orders/:id', async (request: ShopRequest, response) => {
      const id = Number(request.params['id']);
      if (!(id > 41_000 && id <= lastOrderId))
        throw new ShopError(404, 'UnknownOrderError', `there is no order ${request.params['id']}`);
      const known = await service.cache.get(`order:${id}`);
      if (known === undefined) {
        const statement = 'SELECT * FROM orders WHERE id = $1';
        await service.database.run({ operation: 'SELECT', table: 'orders', statement, typicalMs: 5 }, request.dice!);
      }
      response.json({ id, state: 'paid' });
    });
  });
}

/** Gives the amount in cents. */
async function placeOrder(
  service: Service,
  { users, inventory, payment }: OrderPeers,
  request: ShopRequest,
  orderId: number,
  event: (name: string) => void,
): Promise<number> {
  const { userId, productId, quantity } = request.body as OrderForm;
  event('validation_started');
  taken(await service.call(users, 'GET', `/users/${userId}`, request), users);
  event('validation_completed');
  const reserved = taken(
    await service.call(inventory, 'POST', '/reservations', request, { productId, quantity }),
    inventory,
  );
  event('inventory_reserved');
  const amount = Number(reserved.body['price']) * quantity;
  taken(await service.call(payment, 'POST', '/charges', request, { orderId, amount }), payment);
  event('payment_captured');
  const dice = request.dice!;
  const delayMs = service.incident()?.kind === 'slow-database' ? 900 + dice.latencyMs(700) : 0;
  const statement = 'INSERT INTO orders (user_id, product_id, quantity, amount) VALUES ($1, $2, $3, $4) RETURNING *';
  await service.database.run({ operation: 'INSERT', table: 'orders', statement, typicalMs: 10 }, dice, delayMs);
  await service.cache.set(`order:${orderId}`, { orderId });
  event('order_stored');
  return amount;
}

function taken(answer: CallAnswer, from: Service): CallAnswer {
  if (answer.status < 400) return answer;
  const status = answer.status >= 500 ? 502 : answer.status;
  throw new ShopError(status, 'UpstreamError', `${from.name} answered ${answer.status}: ${answer.body['error'] ?? ''}`);
}
