// The texts of docs/reference, made from the tables of the packages.
import { simulationErrorCodes } from '@flyball/autonomics';
import { codeErrorCodes, kernelErrorCodes } from '@flyball/kernel';
import { findingCodes, ledgerErrorCodes } from '@flyball/ledger';
import { descriptorErrorCodes } from '@flyball/listener';
import { MCP_ERRORS } from '@flyball/mcp';
import { HEART_ERROR_CODES } from '@flyball/release';
import { ledgerProblemCodes, START_OPTIONS } from '@flyball/cli';
import { ledgerPage } from './ledger-reference.ts';

const NOTE = '<!-- Made by tools/reference.ts: change the tables in the code, not this page. -->\n';

interface Table {
  readonly title: string;
  readonly about: string;
  readonly codes: Readonly<Record<string, string>>;
}

const tables: readonly Table[] = [
  { title: 'KernelError', about: '`@flyball/kernel`: processes, calls, supervisors, code changes, isolation.', codes: kernelErrorCodes },
  { title: 'CodeError', about: '`@flyball/kernel`: the code server.', codes: codeErrorCodes },
  { title: 'DescriptorError', about: '`@flyball/listener`: listening.', codes: descriptorErrorCodes },
  { title: 'McpError', about: '`@flyball/mcp`: definitions that cannot work, and tools that ask what their client cannot give.', codes: MCP_ERRORS },
  { title: 'TraceError, SimulationError', about: '`@flyball/autonomics`: the simulator.', codes: simulationErrorCodes },
  { title: 'LedgerError', about: '`@flyball/ledger`: receipts, the log, its disk, its exports.', codes: ledgerErrorCodes },
  { title: 'Findings of a verification', about: '`@flyball/ledger`, `flyball ledger verify`: what is wrong with a log; returned in the report, never thrown.', codes: findingCodes },
  { title: 'LedgerProblem', about: '`@flyball/cli`: `flyball ledger`, what it was asked for.', codes: ledgerProblemCodes },
  { title: 'HeartError', about: '`@flyball/release`: heart and the control socket.', codes: HEART_ERROR_CODES },
];

/** By file name. */
export function referencePages(): Record<string, string> {
  return { 'errors.md': errorsPage(), 'flyball-start.md': startPage(), 'flyball-ledger.md': ledgerPage(NOTE) };
}

function errorsPage(): string {
  const sections = tables.map(({ title, about, codes }) => {
    const rows = Object.entries(codes).sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, text]) => `| \`${code}\` | ${text} |`);
    return `## ${title}\n\n${about}\n\n| code | meaning |\n|---|---|\n${rows.join('\n')}\n`;
  });
  return `# Errors\n\n${NOTE}\nMatch on \`code\`; the message is for people. Expected outcomes are returned, not thrown.\n\n${sections.join('\n')}`;
}

function startPage(): string {
  const rows = Object.values(START_OPTIONS).map((option) => `| \`${option.name.startsWith('+') ? '' : '--'}${option.name}\` | ${valuesOf(option)} | ${defaultOf(option)} | ${option.effect} |`);
  return `# flyball start\n\n${NOTE}\n| option | values | default | effect |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

type Option = (typeof START_OPTIONS)[keyof typeof START_OPTIONS];

function valuesOf(option: Option): string {
  switch (option.type) {
    case 'integer':
    case 'schedulers': return `${group(option.min)} to ${group(option.max)}${'unit' in option ? ` ${option.unit}` : ''}`;
    case 'choice': return option.choices.join(', ');
    case 'flag': return 'no value';
    default: return option.allowed;
  }
}

function defaultOf(option: Option): string {
  if (!('fallback' in option)) return '–';
  return typeof option.fallback === 'number' ? group(option.fallback) : option.fallback;
}

const group = (value: number): string => (value < 10_000 ? String(value) : value.toLocaleString('en-US'));
