/** `flyball ctl tree`: the supervision trees of all shards. */
import { drawTree, type Branch } from './text.ts';

/** A node of the tree as a shard tells it. Only `children` has meaning here, the rest is shown. */
export interface TreeNode {
  /** Registered name, or the child's id. */
  readonly name?: string;
  readonly pid?: string;
  /** "supervisor", "gen_server", … */
  readonly kind?: string;
  /** Further facts to show: strategy, version, messages waiting. */
  readonly facts?: Readonly<Record<string, string | number | boolean | null>>;
  readonly children?: readonly TreeNode[];
  /** Children that the shard left out. */
  readonly more?: number;
}

interface TreeResult {
  readonly shards: readonly { shard: number; generation: number; tree?: TreeNode | readonly TreeNode[]; error?: { message: string } }[];
}

const CHILDREN_SHOWN = 20;

export function formatTree(result: unknown, all: boolean): string {
  const { shards } = result as TreeResult;
  return shards
    .map(({ shard, generation, tree, error }) => {
      const roots: readonly TreeNode[] = tree === undefined ? [] : Array.isArray(tree) ? tree : [tree as TreeNode];
      const branches = error === undefined ? draw(roots, all) : [{ label: `no answer: ${error.message}`, branches: [] }];
      return drawTree({ label: `shard ${shard} (generation ${generation})`, branches });
    })
    .join('');
}

/** A supervisor of 100,000 children shows its first ones and says how many there are. */
function draw(nodes: readonly TreeNode[], all: boolean, more = 0): Branch[] {
  const shown = all ? nodes : nodes.slice(0, CHILDREN_SHOWN);
  const hidden = nodes.length - shown.length + more;
  const branches = shown.map((node) => ({ label: label(node), branches: draw(node.children ?? [], all, node.more ?? 0) }));
  if (hidden === 0) return branches;
  return [...branches, { label: `… ${hidden} more${all ? '' : ' (--all)'}`, branches: [] }];
}

function label({ name, pid, kind, facts = {} }: TreeNode): string {
  const told = Object.entries(facts).map(([key, value]) => `${key} ${String(value)}`);
  const parts = [name ?? pid ?? 'process', name === undefined ? undefined : pid, kind, told.length === 0 ? undefined : `(${told.join(', ')})`];
  return parts.filter((part) => part !== undefined).join('  ');
}
