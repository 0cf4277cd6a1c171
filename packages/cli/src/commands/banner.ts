/** What `flyball start` prints once the node serves: what listens where, and what to try next. */
import { plural, table } from './text.ts';

export interface BannerFacts {
  readonly version: string;
  readonly name: string;
  readonly pid: number;
  readonly shards: number;
  readonly nodeVersion: string;
  readonly listening: readonly { readonly name: string; readonly url: string }[];
}

const DEFAULT_NAME = 'flyball';

export function formatBanner(facts: BannerFacts): string {
  const { version, name, pid, shards, nodeVersion, listening } = facts;
  const head = `flyball ${version}: node ${name}, pid ${pid}, ${plural(shards, 'shard')}, Node ${nodeVersion}\n`;
  const rows = listening.map((listener) => [`  ${listener.name}`, listener.url]);
  return `${head}\nListening\n${table(rows)}\nTry next\n${tryNext(facts)}`;
}

function tryNext({ name, listening }: BannerFacts): string {
  const option = name === DEFAULT_NAME ? '' : ` --name ${name}`;
  const commands: [string, string][] = [
    [`npx flyball ctl${option} tree`, 'the processes'],
    [`npx flyball ctl${option} status`, 'shards, restarts'],
    [`npx flyball ctl${option} hand-over`, 'a new OS process, no request lost'],
    ['Ctrl-C', 'stop the node'],
  ];
  return `${mcpHint(listening)}${table(commands.map(([command, what]) => [`  ${command}`, what]))}`;
}

function mcpHint(listening: BannerFacts['listening']): string {
  const first = listening.find(({ name, url }) => name === 'mcp' || url.endsWith('/mcp')) ?? listening.find(({ url }) => url.startsWith('http'));
  if (first === undefined) return '';
  const mcp = new URL('/mcp', reachable(first.url));
  const ready = new URL('/readyz', mcp);
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'curl', version: '1' } },
  });
  return `  point any MCP client at ${mcp.href}\n` + `  curl ${ready.href}\n` + `  curl -i ${mcp.href} -H 'content-type: application/json' \\\n    -H 'accept: application/json, text/event-stream' \\\n    -d '${body}'\n`;
}

/** "All addresses" is no address that a client can ask. */
function reachable(url: string): string {
  return url.replace('//0.0.0.0', '//127.0.0.1').replace('//[::]', '//[::1]');
}

/** What to do about an error that ended a start; empty when its message says it already. */
export function startAdvice(code: string, port: number): string {
  if (code !== 'address-in-use') return '';
  const other = port >= 65_535 ? port - 1 : port + 1;
  return `  Who has it:    ss -ltnp 'sport = :${port}'\n  Another port:  flyball start --port ${other}   (0 takes any free one)\n`;
}
