/** `flyball ctl ledger`: a running node's ledger, which no other process can open. From arguments to a request, and from its result to text. Pure. */
import { resolve } from 'node:path';
import type { CtlRequest } from './ctl-request.ts';
import { plural, table } from './text.ts';

export const LEDGER_USAGE = 'COMMAND [ARGUMENT]';

interface Verb {
  /** As the owner knows it. */
  readonly what: string;
  readonly summary: string;
  /** What help and errors call its argument. */
  readonly placeholder?: string;
  /** What its argument becomes; a sentence when it is wrong. Without it the verb takes none. */
  readonly argument?: (given: string, directory: string) => Readonly<Record<string, unknown>> | string;
  readonly format: (result: unknown) => string;
}

interface Published {
  readonly size: number;
  readonly note: string;
}

const VERBS: Readonly<Record<string, Verb>> = {
  status: { what: 'status', summary: 'its name and folder, how many receipts, which shard writes it', format: formatStatus },
  publish: { what: 'publish', summary: 'publish what was recorded now, not within the interval', format: (result) => `published: the checkpoint covers ${plural((result as Published).size, 'receipt')}\n` },
  keys: { what: 'keys', summary: 'the verifier keys that sign', format: (result) => `${(result as readonly string[]).join('\n')}\n` },
  'rotate-key': { what: 'rotateKey', summary: 'make a new key; the old ones sign on until they are retired', format: (result) => `rotated; the new key signs from now on, and so do the old ones until they are retired:\n${String(result)}\n` },
  'retire-key': { what: 'retireKey', summary: 'destroy the secret of this old key for ever', placeholder: 'VKEY', argument: (key) => ({ argument: key }), format: () => 'retired: its secret is destroyed\n' },
  prune: { what: 'prune', summary: 'remove receipts below, by bundles of 256; checks no copy: see flyball ledger prune', placeholder: 'INDEX', argument: pruneArgument, format: (result) => `pruned: receipts from ${String(result)} on are kept\n` },
  cosign: { what: 'cosign', summary: 'take a checkpoint that a witness cosigned', placeholder: 'FILE', argument: (file, directory) => ({ file: resolve(directory, file) }), format: (result) => `cosigned: the checkpoint of ${plural((result as Published).size, 'receipt')}\n` },
};

/** For the help text. */
export const LEDGER_COMMANDS: readonly (readonly [string, string])[] = Object.entries(VERBS).map(([name, { placeholder, summary }]) => [withArgument(name, placeholder), summary]);

function withArgument(name: string, placeholder = ''): string {
  return `${name} ${placeholder}`.trim();
}

export function ledgerRequest([name = '', given]: readonly string[], _: Readonly<Record<string, unknown>>, directory: string): CtlRequest | string {
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined) return `ctl ledger has no command "${name}"; there are ${Object.keys(VERBS).join(', ')}.`;
  if (verb.argument === undefined) return given === undefined ? { method: 'ledger', params: { what: verb.what } } : `ctl ledger ${name} takes no argument.`;
  if (given === undefined) return `ctl ledger ${name} needs its argument: ${withArgument(name, verb.placeholder)}.`;
  const params = verb.argument(given, directory);
  return typeof params === 'string' ? params : { method: 'ledger', params: { what: verb.what, ...params } };
}

function pruneArgument(given: string): Readonly<Record<string, unknown>> | string {
  return /^\d{1,15}$/.test(given) ? { argument: Number(given) } : `ctl ledger prune takes the index of the first receipt to keep, not "${given}".`;
}

export function formatLedger(result: unknown, _: Readonly<Record<string, unknown>>, [name = '']: readonly string[]): string {
  return VERBS[name]?.format(result) ?? `${JSON.stringify(result, null, 2)}\n`;
}

function formatStatus(result: unknown): string {
  const { folder, origin, size, publishedSize, journalBytes, shard, generation } = result as Readonly<Record<string, string | number>>;
  return table([
    ['log', String(origin)],
    ['folder', String(folder)],
    ['receipts', `${size}, ${publishedSize} published`],
    ['journal', `${journalBytes} bytes`],
    ['written by', `shard ${shard}, generation ${generation}`],
  ]);
}
