/**
 * Which web pages may call us. A page of our own origin may, one of a listed origin may, any other may not even have its request
 * carried out. On a loopback address nobody but this machine is meant, so a name that is not this machine's is refused as well: it
 * would be a page's own name, turned to our address to look like our origin (DNS rebinding).
 */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { cors } from "@connectrpc/connect";

/** How long a browser may go by what it was told. */
const PREFLIGHT_SECONDS = 7_200;

export interface OriginPolicyOptions {
  /** As browsers write them: https://portal.example, with the port where it is not the usual one. */
  readonly allowedOrigins: readonly string[];
  /** HOST:PORT that is listened on. */
  readonly listen: string;
}

export type Verdict =
  | { readonly kind: "allowed"; readonly header: Readonly<Record<string, string>> }
  | { readonly kind: "preflight"; readonly header: Readonly<Record<string, string>> }
  | { readonly kind: "refused"; readonly why: string };

export class OriginPolicy {
  readonly #origins: ReadonlySet<string>;
  readonly #hosts: ReadonlySet<string>;
  readonly #isLoopback: boolean;

  constructor({ allowedOrigins, listen }: OriginPolicyOptions) {
    this.#origins = new Set(allowedOrigins);
    this.#hosts = new Set(allowedOrigins.map((origin) => new URL(origin).host));
    const host = hostnameOf(listen);
    this.#isLoopback = host === "localhost" || host.startsWith("127.") || host === "::1";
  }

  judge({ method, headers }: Pick<IncomingMessage, "method" | "headers">): Verdict {
    const host = headers.host ?? "";
    if (this.#isLoopback && !this.#isOurs(host)) {
      return { kind: "refused", why: `${host} is not a name of this server` };
    }
    const { origin } = headers;
    const vary = { vary: "Origin" };
    if (origin === undefined) return { kind: "allowed", header: vary };
    const isListed = this.#origins.has(origin);
    if (!isListed && hostOf(origin) !== host) return { kind: "refused", why: `${origin} may not call this server` };
    const header = { ...vary, ...(isListed ? { "access-control-allow-origin": origin } : {}) };
    if (method === "OPTIONS" && headers["access-control-request-method"] !== undefined) {
      return { kind: "preflight", header: { ...header, ...PREFLIGHT } };
    }
    return { kind: "allowed", header: { ...header, "access-control-expose-headers": cors.exposedHeaders.join(", ") } };
  }

  /** An address, or the name of a listed origin, as a proxy on this machine passes it on. */
  #isOurs(host: string): boolean {
    const name = hostnameOf(host);
    return name === "localhost" || isIP(name) !== 0 || this.#hosts.has(host);
  }
}

const PREFLIGHT = {
  "access-control-allow-methods": cors.allowedMethods.join(", "),
  "access-control-allow-headers": cors.allowedHeaders.join(", "),
  "access-control-max-age": String(PREFLIGHT_SECONDS),
};

/** Without the port, and without the brackets of IPv6. */
function hostnameOf(host: string): string {
  return host.replace(/:\d*$/, "").replace(/^\[|\]$/g, "");
}

/** Of an origin, with its port; undefined for "null", which pages without one send. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
