/**
 * Who may talk to a local server through a browser: the `Origin` and `Host` checks that stop DNS rebinding
 * (2026-07-28 streamable-http, "Security & Endpoint"). Compiled once from the configuration.
 */

export interface OriginPolicy {
  readonly originAllowed: (origin: string) => boolean;
  readonly hostAllowed: (host: string) => boolean;
}

export interface OriginOptions {
  /**
   * Origins such as `https://example.com` or `http://localhost:3000`; without a port, any port of that host passes.
   * `'any'` switches the check off. Default: the loopback names.
   */
  readonly allowedOrigins?: readonly string[] | 'any';
  /** Host names without port, IPv6 in brackets. `'any'` switches the check off. Default: the loopback names. */
  readonly allowedHosts?: readonly string[] | 'any';
}

export const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'] as const;
const LOOPBACK_ORIGINS = LOOPBACK_HOSTS.flatMap((host) => [`http://${host}`, `https://${host}`]);

/** `localhost:8080` → `localhost`, `[::1]:80` → `[::1]`; undefined where it is no host at all. */
export function hostName(host: string): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[^:@/?#\s[\]]+)(?::\d{1,5})?$/i.exec(host);
  return match?.[1]?.toLowerCase();
}

function originMatcher(allowed: readonly string[]): (origin: string) => boolean {
  const exact = new Set(allowed.map((origin) => origin.toLowerCase()));
  return (origin) => {
    const lower = origin.toLowerCase();
    if (exact.has(lower)) return true;
    const parts = /^(https?:\/\/)(.+)$/.exec(lower);
    if (parts === null) return false;
    const name = hostName(parts[2]!);
    return name !== undefined && exact.has(parts[1]! + name);
  };
}

function hostMatcher(allowed: readonly string[]): (host: string) => boolean {
  const names = new Set(allowed.map((host) => host.toLowerCase()));
  // The same few Host values come on every request: remembering the last accepted one saves the parse.
  let accepted = '';
  return (host) => {
    if (host === accepted) return true;
    const name = hostName(host);
    if (name === undefined || !names.has(name)) return false;
    accepted = host;
    return true;
  };
}

const anything = (): boolean => true;

export function originPolicy(options: OriginOptions = {}): OriginPolicy {
  const origins = options.allowedOrigins ?? LOOPBACK_ORIGINS;
  const hosts = options.allowedHosts ?? LOOPBACK_HOSTS;
  return {
    originAllowed: origins === 'any' ? anything : originMatcher(origins),
    hostAllowed: hosts === 'any' ? anything : hostMatcher(hosts),
  };
}
