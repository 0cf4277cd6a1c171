// docs/reference/flyball-ledger.md, made from the tables that parse the command line. Pure.
import { allowed, dashes, LEDGER_COMMANDS, type LedgerCommand, type OptionSchema } from '@flyball/cli';

/** `note` says where the page comes from. */
export function ledgerPage(note: string): string {
  const sections = Object.entries(LEDGER_COMMANDS).map(([name, command]) => section(name, command));
  return `# flyball ledger

${note}
Asks, checks and keeps a log of receipts. What is read may be a folder, a \`.tar\`, \`.tar.gz\` or \`.tgz\`, or the http(s) address of a log;
what changes a ledger takes its folder, and its lock. Results go to standard output, bars and counts to standard error,
bars only to a terminal. With \`--json\` an error is one line on standard error, \`{"error":{"code":…,"message":…}}\`; codes are
in [errors.md](errors.md). The members listed below stay from version to version; others may come.

${sections.join('\n')}`;
}

function section(name: string, { usage, summary, options, notes, exitCodes, json }: LedgerCommand): string {
  const optionRows = Object.values(options).map((option) => `| \`${dashes(option.name)}\` | ${valuesOf(option)} | ${defaultOf(option)} | ${cell(option.effect)} |`);
  const jsonRows = Object.entries(json).map(([member, meaning]) => `| \`${member}\` | ${cell(meaning)} |`);
  const more = notes === undefined ? '' : `${notes}\n\n`;
  return `## ${name}

\`flyball ledger ${name} ${usage}\`: ${summary}.

${more}| option | values | default | effect |
|---|---|---|---|
${optionRows.join('\n')}

Exit codes: ${exitCodes}

| member of \`--json\` | meaning |
|---|---|
${jsonRows.join('\n')}
`;
}

function valuesOf(option: OptionSchema): string {
  if (option.type === 'flag') return 'no value';
  return 'placeholder' in option && option.placeholder !== undefined ? `\`${option.placeholder}\`` : allowed(option);
}

function defaultOf(option: OptionSchema): string {
  return 'fallback' in option && option.fallback !== '' ? String(option.fallback) : '–';
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
