/**
 * Carries no context along: here a span's parent is always handed on by name. The SDK's own manager follows every promise and callback
 * of the process, which costs more than all the spans.
 */
import { type Context, type ContextManager, ROOT_CONTEXT } from "@opentelemetry/api";

export class NoContext implements ContextManager {
  active(): Context {
    return ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    _context: Context,
    work: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return work.call(thisArg, ...args);
  }

  bind<T>(_context: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    return this;
  }
}
