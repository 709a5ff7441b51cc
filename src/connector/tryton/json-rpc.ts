/**
 * Tryton 6 over JSON-RPC: one method call is one request, through the guard. It logs in when it has to, again where a session has
 * run out, and keeps password and session out of every message.
 */
import { ErpRefusal } from "../erp-adapter.js";
import type { ErpGuard, GuardedRequest } from "../erp-guard.js";

export interface TrytonAccess {
  /** Where trytond listens, without the database. */
  readonly url: string;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

/** Of a call, besides its arguments. */
export type CallOptions = Omit<GuardedRequest, "what"> & {
  readonly context?: Readonly<Record<string, unknown>>;
};

interface Session {
  readonly userId: number;
  readonly key: string;
}

/** What Tryton throws where the request itself will not do: bad data, a rule, a question for a person, no right. */
const REFUSALS: ReadonlySet<unknown> = new Set(["UserError", "UserWarning", "AccessError", "DomainValidationError"]);
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const UNAUTHORIZED = 401;

export class TrytonRpc {
  readonly #access: TrytonAccess;
  readonly #guard: ErpGuard;
  #session: Session | undefined;
  #requests = 0;

  constructor(access: TrytonAccess, guard: ErpGuard) {
    this.#access = access;
    this.#guard = guard;
  }

  /** Calls a method of a model. `Result` is what the caller knows the method to answer. */
  call<Result>(method: string, args: readonly unknown[], options: CallOptions): Promise<Result> {
    const { context = {}, ...request } = options;
    return this.#guard.run({ ...request, what: `Tryton's ${method}` }, async (signal) => {
      const params = [...args, context];
      const answer = await this.#post(method, params, signal, await this.#loggedIn(signal));
      if (answer.status !== UNAUTHORIZED) return resultOf(answer) as Result;
      // Sessions run out; nothing was carried out under this one.
      this.#session = undefined;
      return resultOf(await this.#post(method, params, signal, await this.#loggedIn(signal))) as Result;
    });
  }

  async #loggedIn(signal: AbortSignal): Promise<Session> {
    if (this.#session !== undefined) return this.#session;
    const { user, password } = this.#access;
    const answer = await this.#post("common.db.login", [user, { password }, "en"], signal, undefined);
    const session = resultOf(answer) as [number, string] | null;
    if (!Array.isArray(session)) throw new Error(`Tryton does not let user ${user} in`);
    this.#session = { userId: session[0], key: session[1] };
    return this.#session;
  }

  async #post(
    method: string,
    params: readonly unknown[],
    signal: AbortSignal,
    session: Session | undefined,
  ): Promise<Answer> {
    const { url, database, user } = this.#access;
    const response = await fetch(new URL(`${encodeURIComponent(database)}/`, `${url.replace(/\/$/, "")}/`), {
      method: "POST",
      headers: { "content-type": "application/json", ...(session && { authorization: authorization(user, session) }) },
      body: JSON.stringify({ id: ++this.#requests, method, params }),
      redirect: "error",
      signal,
    }).catch((cause: unknown) => {
      throw new Error(connectionFault(cause), { cause });
    });
    return { method, status: response.status, body: await textOf(response) };
  }
}

interface Answer {
  readonly method: string;
  readonly status: number;
  readonly body: string;
}

function authorization(user: string, { userId, key }: Session): string {
  return `Session ${Buffer.from(`${user}:${userId}:${key}`).toString("base64")}`;
}

function resultOf({ method, status, body }: Answer): unknown {
  if (status !== 200) throw new Error(`Tryton answered ${method} with HTTP ${status}`);
  const { result, error } = JSON.parse(body) as { result?: unknown; error?: readonly unknown[] };
  if (error === undefined) return result;
  const [kind, detail] = error;
  const message = Array.isArray(detail) ? detail.filter((part) => part !== "").join(" ") : "";
  if (REFUSALS.has(kind)) throw new ErpRefusal(`Tryton refuses ${method}: ${message}`);
  throw new Error(`Tryton failed in ${method}: ${String(kind).slice(0, 500)}`);
}

async function textOf(response: Response): Promise<string> {
  const length = Number(response.headers.get("content-length") ?? 0);
  if (length > ANSWER_BYTES_MAX) throw new Error(`Tryton's answer has ${length} bytes`);
  return response.text();
}

/** fetch hides the reason one level down. */
function connectionFault(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return inner instanceof Error ? inner.message : String(inner);
}
