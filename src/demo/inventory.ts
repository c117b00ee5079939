/** The inventory service: what there is, and what is set aside for an order; its connections leak in an incident. */
import { type Service, type ShopRequest, type ShopSurroundings, startService } from './service.ts';
import { ShopError } from './shop-error.ts';

export const PRODUCTS = 120;

export function startInventory(surroundings: ShopSurroundings): Promise<Service> {
  return startService('inventory', surroundings, (app, service) => {
    app.get('/products/:id', async (request: ShopRequest, response) => {
      const id = Number(request.params['id']);
      if (!(id >= 1 && id <= PRODUCTS))
        throw new ShopError(404, 'UnknownProductError', `there is no product ${request.params['id']}`);
      const known = await service.cache.get(`product:${id}`);
      if (known === undefined) {
        const statement = 'SELECT id, name, price, quantity FROM inventory WHERE product_id = $1';
        await service.database.run({ operation: 'SELECT', table: 'inventory', statement, typicalMs: 9 }, request.dice!);
        await service.cache.set(`product:${id}`, { id });
      }
      response.json({ id, price: priceOf(id) });
    });
    app.post('/reservations', async (request: ShopRequest, response) => {
      const { productId, quantity } = request.body as { productId: number; quantity: number };
      const dice = request.dice!;
      const table = 'inventory';
      const select = 'SELECT quantity FROM inventory WHERE product_id = $1 FOR UPDATE';
      await service.database.run({ operation: 'SELECT', table, statement: select, typicalMs: 7 }, dice);
      const update = 'UPDATE inventory SET quantity = quantity - $2 WHERE product_id = $1';
      await service.database.run({ operation: 'UPDATE', table, statement: update, typicalMs: 6 }, dice);
      response.status(201).json({ productId, quantity, price: priceOf(productId) });
    });
  });
}

/** Cents. */
function priceOf(productId: number): number {
  return 499 + ((productId * 7919) % 9500);
}

/** Takes all connections while the incident lasts. */
export function leakConnections(service: Service): void {
  const leaking = service.incident()?.kind === 'exhausted-pool';
  service.database.leak(leaking ? Number.POSITIVE_INFINITY : 0);
}
