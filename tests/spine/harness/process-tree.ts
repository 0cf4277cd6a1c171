// The supervision trees of a node as `ctl tree` tells them: who is where, and whether they are whole.
import type { TestNode } from './node.ts';

export interface TreeNode {
  readonly name: string;
  readonly kind: string;
  readonly pid?: string;
  readonly children?: readonly TreeNode[];
}

export async function treesOf(node: TestNode): Promise<TreeNode[]> {
  // A shard that is starting has none yet.
  const { shards } = await node.control('tree') as { shards: { tree?: TreeNode[] }[] };
  return shards.flatMap(({ tree = [] }) => tree);
}

/** Every process below the roots, them included. */
export function processesOf(roots: readonly TreeNode[]): TreeNode[] {
  return roots.flatMap((root) => [root, ...processesOf(root.children ?? [])]);
}

export function named(roots: readonly TreeNode[], name: string): TreeNode {
  const found = processesOf(roots).find((each) => each.name === name);
  if (found === undefined) throw new Error(`no process ${name} in the tree`);
  return found;
}

/** A tree without what comes and goes with clients: sessions, calls and pids. */
export function shapeOf(roots: readonly TreeNode[]): unknown {
  return roots.map(({ name, kind, children = [] }) => ({
    name,
    kind,
    children: shapeOf(children.filter((child) => child.kind !== 'task' && !(name.startsWith('mcp_sessions') && child.kind === 'gen_server'))),
  }));
}

/** Resolves once the trees have that shape. */
export async function wholeAgain(node: TestNode, shape: unknown): Promise<void> {
  const expected = JSON.stringify(shape);
  for (;;) {
    if (JSON.stringify(shapeOf(await treesOf(node))) === expected) return;
  }
}
