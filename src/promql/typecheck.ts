/** What the grammar lets through but the types do not, with Prometheus' wording. */
import {
  type Aggregation,
  type BinaryExpression,
  type Call,
  COMPARISONS,
  childrenOf,
  type Expression,
  SET_OPERATORS,
  typeOf,
  unwrap,
  type ValueType,
  type VectorSelector,
} from './expression.ts';
import { argumentType, arity } from './functions.ts';
import { PromqlParseError } from './parse-error.ts';
import type { Position } from './position.ts';

const TYPE_NAMES: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar',
  vector: 'instant vector',
  matrix: 'range vector',
  string: 'string',
};

/** Throws PromqlParseError. */
export function checkExpression(query: string, expression: Expression): void {
  new Checker(query).check(expression);
}

class Checker {
  readonly #query: string;

  constructor(query: string) {
    this.#query = query;
  }

  /** What is inside comes first. */
  check(expression: Expression): void {
    if (expression.kind === 'call') {
      this.#call(expression);
      return;
    }
    if (expression.kind === 'vector-selector') {
      this.#selector(expression);
      return;
    }
    for (const child of childrenOf(expression)) this.check(child);
    switch (expression.kind) {
      case 'aggregation':
        this.#aggregation(expression);
        break;
      case 'binary':
        this.#binary(expression);
        break;
      case 'unary': {
        const type = typeOf(expression.expression);
        if (type !== 'scalar' && type !== 'vector') {
          this.#fail(
            expression,
            `unary expression only allowed on expressions of type scalar or instant vector, got "${TYPE_NAMES[type]}"`,
          );
        }
        break;
      }
      case 'subquery': {
        const type = typeOf(expression.expression);
        if (type !== 'vector') {
          this.#fail(expression, `subquery is only allowed on instant vector, got ${type} instead`);
        }
        break;
      }
      default:
    }
  }

  #aggregation(expression: Aggregation): void {
    this.#expect(expression.expression, 'vector', 'aggregation expression');
    if (!expression.parameter) return;
    this.#expect(
      expression.parameter,
      expression.operator === 'count_values' ? 'string' : 'scalar',
      'aggregation parameter',
    );
  }

  #binary(expression: BinaryExpression): void {
    const { operator, operatorPosition, left, right, matching } = expression;
    const leftType = typeOf(left);
    const rightType = typeOf(right);
    if (expression.returnBool && !COMPARISONS.has(operator)) {
      this.#fail(operatorPosition, 'bool modifier can only be used on comparison operators');
    }
    const scalars = leftType === 'scalar' && rightType === 'scalar';
    if (COMPARISONS.has(operator) && !expression.returnBool && scalars) {
      this.#fail(operatorPosition, 'comparisons between scalars must use BOOL modifier');
    }
    for (const label of matching?.on ? matching.labels : []) {
      if (matching!.include.includes(label)) {
        this.#fail(operatorPosition, `label "${label}" must not occur in ON and GROUP clause at once`);
      }
    }
    for (const [side, type] of [
      [left, leftType],
      [right, rightType],
    ] as const) {
      if (type !== 'scalar' && type !== 'vector') {
        this.#fail(side, 'binary expression must contain only scalar and instant vector types');
      }
    }
    const filled = matching?.fillLeft !== undefined || matching?.fillRight !== undefined;
    if (leftType !== 'vector' || rightType !== 'vector') {
      if (matching && matching.labels.length > 0) {
        this.#fail(expression, 'vector matching only allowed between instant vectors');
      }
      if (filled) this.#fail(expression, 'filling in missing series only allowed between instant vectors');
      if (SET_OPERATORS.has(operator)) {
        this.#fail(expression, `set operator "${operator}" not allowed in binary scalar expression`);
      }
      return;
    }
    if (!SET_OPERATORS.has(operator) || !matching) return;
    if (matching.cardinality === 'one-to-many' || matching.cardinality === 'many-to-one') {
      this.#fail(expression, `no grouping allowed for "${operator}" operation`);
    }
    if (filled) this.#fail(expression, 'filling in missing series not allowed for set operators');
  }

  #call(call: Call): void {
    const { signature, args } = call;
    const { least, most } = arity(signature);
    const got = args.length;
    if (least === most && got !== least) {
      this.#fail(call, `expected ${least} argument(s) in call to "${signature.name}", got ${got}`);
    }
    if (got < least) {
      this.#fail(call, `expected at least ${least} argument(s) in call to "${signature.name}", got ${got}`);
    }
    if (got > most) {
      this.#fail(call, `expected at most ${most} argument(s) in call to "${signature.name}", got ${got}`);
    }
    args.forEach((arg, index) => {
      if (signature.name === 'info' && index === 1) {
        this.#infoSelector(arg, call);
        return;
      }
      this.check(arg);
      this.#expect(arg, argumentType(signature, index), `call to function "${signature.name}"`);
    });
  }

  #infoSelector(arg: Expression, call: Position): void {
    const selector = unwrap(arg);
    const type = typeOf(selector);
    if (type === 'scalar' || type === 'string') {
      this.#fail(call, `expected type instant vector in call to function "info", got ${TYPE_NAMES[type]}`);
    }
    if (selector.kind !== 'vector-selector') {
      this.#fail(arg, 'expected label selectors only');
    }
    if (selector.name !== '') this.#fail(arg, 'expected label selectors only, got vector selector instead');
  }

  #selector(selector: VectorSelector): void {
    if (selector.matchers.some((matcher) => !matcher.matches(''))) return;
    this.#fail(selector, 'vector selector must contain at least one non-empty matcher');
  }

  #expect(expression: Expression, wanted: ValueType, context: string): void {
    const got = typeOf(expression);
    if (got === wanted) return;
    this.#fail(expression, `expected type ${TYPE_NAMES[wanted]} in ${context}, got ${TYPE_NAMES[got]}`);
  }

  #fail(position: Position, detail: string): never {
    throw new PromqlParseError(this.#query, position, detail);
  }
}
