// The supervision trees as data, for those who look: names, pids, what waits where.
import { formatPid, processOf, type Pid } from '../process/pid.ts';
import { linksOf } from '../process/link.ts';
import type { Process } from '../process/process.ts';
import { Supervision } from './supervision.ts';

export interface ProcessNode {
  name: string;
  pid?: string;
  kind: string;
  facts: Record<string, string | number>;
  children?: ProcessNode[];
  /** Children left out. */
  more?: number;
}

/** At most so many children of one process are told. */
export const CHILDREN_TOLD_MAX = 1_000;

/** The tree below a process; undefined if it is not alive here. */
export function processTree(root: Pid): ProcessNode | undefined {
  const process = processOf(root);
  return process === undefined ? undefined : nodeOf(process, process.title);
}

function nodeOf(process: Process, name: string): ProcessNode {
  const node: ProcessNode = { name: process.name ?? name, pid: formatPid(process.pid), kind: process.driver.kind, facts: factsOf(process) };
  if (process.state instanceof Supervision) addSupervised(node, process.state);
  else addStarted(node, process);
  return node;
}

function factsOf(process: Process): ProcessNode['facts'] {
  const facts: ProcessNode['facts'] = {};
  if (process.state instanceof Supervision) facts['strategy'] = process.state.flags.strategy;
  else if (process.driver.kind === 'gen_server') facts['version'] = process.version;
  if (process.mailboxLength > 0) facts['waiting'] = process.mailboxLength;
  if (process.dropped > 0) facts['dropped'] = process.dropped;
  return facts;
}

function addSupervised(node: ProcessNode, supervision: Supervision): void {
  const children = supervision.status();
  node.children = children.slice(0, CHILDREN_TOLD_MAX).map(({ id, pid, restart }) => {
    const process = pid === undefined ? undefined : processOf(pid);
    return process === undefined ? { name: id, kind: 'not running', facts: { restart } } : nodeOf(process, id);
  });
  if (children.length > CHILDREN_TOLD_MAX) node.more = children.length - CHILDREN_TOLD_MAX;
}

// What a process started itself and is linked to: the calls of a session.
function addStarted(node: ProcessNode, process: Process): void {
  const started = linksOf(process).filter((linked) => linked.parent === process);
  if (started.length === 0) return;
  node.children = started.slice(0, CHILDREN_TOLD_MAX).map((child) => nodeOf(child, child.title));
  if (started.length > CHILDREN_TOLD_MAX) node.more = started.length - CHILDREN_TOLD_MAX;
}
