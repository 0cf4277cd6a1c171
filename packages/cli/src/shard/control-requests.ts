// What heart asks of a shard on behalf of the control socket.
import { call, exitProcess, formatPid, lingeringProcesses, parsePid, processNamed, processOf, processTable, processTree, registeredNames, runningApplications, type Pid, type Process, type ProcessNode, type Protocol } from '@flyball/kernel';
import { listenerConnections } from '@flyball/listener';
import { sessionCount } from '@flyball/mcp';
import type { ChangeToRecord, RequestMessage, ResponseMessage } from '@flyball/release';
import type { Applications } from './applications.ts';
import { unattributed } from './faults.ts';
import { ledgerPart, type LedgerPart } from './ledger-part.ts';

class RequestError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Never rejects: what goes wrong is the answer. */
export async function answerRequest(request: RequestMessage, applications: Applications, runId: string): Promise<ResponseMessage> {
  try {
    const result = await perform(request.method, request.params as Record<string, unknown>, { applications, runId });
    return { type: 'response', id: request.id, result };
  } catch (error) {
    const { code = 'internal', message } = error as { code?: string; message: string };
    return { type: 'response', id: request.id, error: { code: String(code), message } };
  }
}

function perform(method: string, params: Record<string, unknown>, { applications, runId }: { readonly applications: Applications; readonly runId: string }): unknown {
  switch (method) {
    case 'status': return status(applications);
    case 'tree': return trees();
    case 'kill': return kill(String(params['target']));
    case 'call': return call(processAt(String(params['target'])).pid as Pid<Protocol>, String(params['name']), params['body'] as never);
    case 'load-prepare': return applications.prepare(params as { application: string; directory: string; version?: string });
    case 'load-commit': return applications.commit();
    case 'load-abort': return applications.abort();
    case 'record': return ledgerHere().recordChange(params as unknown as ChangeToRecord, runId);
    case 'ledger': return ledgerHere().askLedger(params);
    default: throw new RequestError('unknown-method', `a shard has no method "${method}"`);
  }
}

async function status(applications: Applications): Promise<Record<string, unknown>> {
  const ledger = await ledgerPart()?.ledgerStatus();
  return {
    ...(ledger !== undefined && { ledger }),
    processes: processTable.size,
    sessions: sessionCount(),
    connections: listenerConnections('http'),
    rssMb: Math.round(process.memoryUsage.rss() / 1e6),
    unattributedRejections: unattributed.rejections,
    lingering: lingeringProcesses().map(formatPid),
    applications: applications.versions(),
  };
}

function ledgerHere(): LedgerPart {
  const part = ledgerPart();
  if (part === undefined) throw new RequestError('no-ledger', 'this node keeps no receipts; start it with --ledger FOLDER');
  return part;
}

function trees(): ProcessNode[] {
  const platform = processNamed('flyball_sup');
  const roots = platform === undefined ? [] : [platform.pid];
  return [...roots, ...runningApplications().map(({ pid }) => pid)].map((pid) => processTree(pid)).filter((tree) => tree !== undefined);
}

function kill(target: string): { killed: string } {
  const process = processAt(target);
  const killed = formatPid(process.pid);
  exitProcess(process, 'killed');
  return { killed };
}

function processAt(target: string): Process {
  const pid = parsePid(target);
  const process = pid === undefined ? processNamed(target) : processOf(pid);
  if (process !== undefined) return process;
  const hint = pid === undefined ? `registered names: ${registeredNames().slice(0, 30).join(', ')}` : 'ctl tree shows the pids';
  throw new RequestError('noproc', `no process ${target} here; ${hint}`);
}
