// A policy's reference as Markdown: the table on each governor's page is this text, and a test compares them.
import { unitOf } from './json-schema.ts';
import { fieldsOf, type AnyField, type PolicySchema } from './schema.ts';

export function policyReference<P>(schema: PolicySchema<P>): string {
  const rows = rowsOf(fieldsOf(schema), '').map((cells) => `| ${cells.join(' | ')} |`);
  return ['| field | unit | range | default | effect |', '|---|---|---|---|---|', ...rows].join('\n');
}

function rowsOf(fields: Readonly<Record<string, AnyField>>, prefix: string): string[][] {
  return Object.entries(fields).flatMap(([name, field]) => fieldRows(field, `${prefix}${name}`));
}

function fieldRows(field: AnyField, path: string): string[][] {
  if (field.type === 'group') return rowsOf(field.fields, `${path}.`);
  const row = [`\`${path}\``, unitOf(field), rangeOf(field), defaultOf(field), field.effect];
  const inner = innerOf(field, path);
  return inner === null ? [row] : [row, ...inner];
}

function innerOf(field: AnyField, path: string): string[][] | null {
  if (field.type === 'list' && field.of.type === 'group') return rowsOf(field.of.fields, `${path}[].`);
  if (field.type === 'map' && field.of.type === 'group') return rowsOf(field.of.fields, `${path}.*.`);
  if (field.type === 'optional' && field.of.type === 'group') return rowsOf(field.of.fields, `${path}.`);
  return null;
}

function rangeOf(field: AnyField): string {
  switch (field.type) {
    case 'integer':
    case 'number': return `${spaced(field.min)} … ${spaced(field.max)}`;
    case 'boolean': return 'true, false';
    case 'choice': return field.choices.join(', ');
    case 'text': return `≤ ${field.lengthMax} characters${field.pattern === undefined ? '' : `, \`${field.pattern.replaceAll('|', '\\|')}\``}`;
    case 'optional': return field.of.type === 'group' ? 'null or as below' : `null, or ${rangeOf(field.of)}`;
    case 'list': return `${field.lengthMin} … ${field.lengthMax} items${field.of.type === 'group' ? '' : ` of ${rangeOf(field.of)}`}`;
    case 'map': return `≤ ${field.sizeMax} names${field.of.type === 'group' ? '' : ` → ${rangeOf(field.of)}`}`;
    case 'group': return '';
  }
}

function defaultOf(field: AnyField): string {
  const value = field.default;
  if (typeof value === 'number') return spaced(value);
  if (value === '') return '""';
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return String(value);
  const text = JSON.stringify(value);
  return text.length > 60 ? 'below' : `\`${text}\``;
}

/** 12 345 678 as "12,345,678". */
function spaced(value: number): string {
  const [whole = '', fraction] = String(value).split('.');
  return whole.replaceAll(/\B(?=(\d{3})+$)/g, ',') + (fraction === undefined ? '' : `.${fraction}`);
}
