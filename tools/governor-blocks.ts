// The blocks of a governor's page that are made from the code: `<!-- made: machine -->` and `<!-- made: policy -->`,
// each up to `<!-- end -->`. Pure.
import { backlogValve, costGuard, mermaidOf, policyReference, rollbackGuard, toolGuard, type MachineTable } from '@flyball/autonomics';

export interface Drawn {
  readonly machine: MachineTable;
  /** Markdown of its policy. */
  readonly reference: string;
}

/** By file name. */
export const governorPages: Readonly<Record<string, Drawn>> = {
  'cost-guard.md': { machine: costGuard.machine, reference: policyReference(costGuard.policy) },
  'rollback-guard.md': { machine: rollbackGuard.machine, reference: policyReference(rollbackGuard.policy) },
  'backlog-valve.md': { machine: backlogValve.machine, reference: policyReference(backlogValve.policy) },
  'tool-guard.md': { machine: toolGuard.machine, reference: policyReference(toolGuard.policy) },
};

/** The page with its blocks made anew; throws if it lacks one. */
export function madePage(page: string, { machine, reference }: Drawn): string {
  return withBlock(withBlock(page, 'machine', `\`\`\`mermaid\n${mermaidOf(machine)}\n\`\`\``), 'policy', reference);
}

function withBlock(page: string, name: string, text: string): string {
  const begin = `<!-- made: ${name} -->\n`;
  const from = page.indexOf(begin);
  const to = page.indexOf('<!-- end -->', from);
  if (from < 0 || to < 0) throw new Error(`the page has no block from "${begin.trim()}" to "<!-- end -->": add both lines`);
  return `${page.slice(0, from + begin.length)}${text}\n${page.slice(to)}`;
}
