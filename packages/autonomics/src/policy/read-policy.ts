// Reads a policy from untrusted data: defaults for what is missing, and for what is wrong the field, the value and
// what is allowed. It never corrects: a policy with one wrong field is refused whole.
import { fieldsOf, type AnyField, type PolicyProblem, type PolicySchema } from './schema.ts';

export type PolicyReading<P> =
  | { readonly ok: true; readonly policy: P }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] };

/** `input` is parsed JSON; absent fields take their defaults, unknown ones are refused. */
export function readPolicy<P>(schema: PolicySchema<P>, input: unknown): PolicyReading<P> {
  const problems: PolicyProblem[] = [];
  const policy = readGroup(fieldsOf(schema), input, '', problems) as P;
  if (problems.length === 0) problems.push(...schema.rules.map((rule) => rule(policy)).filter((found) => found !== null));
  return problems.length === 0 ? { ok: true, policy } : { ok: false, problems };
}

/** One line a problem, as an operator sees it. */
export function problemText(schema: { readonly name: string }, { field, problem }: PolicyProblem): string {
  return `policy of ${schema.name}: ${field === '' ? 'it' : field} ${problem}`;
}

type Problems = PolicyProblem[];

function readField(field: AnyField, value: unknown, path: string, problems: Problems): unknown {
  switch (field.type) {
    case 'integer':
    case 'number': return checked(value, path, problems, numberProblem(field, value));
    case 'boolean': return checked(value, path, problems, typeof value === 'boolean' ? null : `must be true or false, not ${shown(value)}`);
    case 'choice': return checked(value, path, problems, field.choices.includes(value as string) ? null : `must be one of ${field.choices.join(', ')}, not ${shown(value)}`);
    case 'text': return checked(value, path, problems, textProblem(field, value));
    case 'optional': return value === null ? null : readField(field.of, value, path, problems);
    case 'list': return readList(field, value, path, problems);
    case 'map': return readMap(field, value, path, problems);
    case 'group': return readGroup(field.fields, value, path, problems);
  }
}

function checked(value: unknown, path: string, problems: Problems, problem: string | null): unknown {
  if (problem !== null) problems.push({ field: path, problem });
  return value;
}

function numberProblem({ type, min, max, unit }: AnyField & { type: 'integer' | 'number' }, value: unknown): string | null {
  const kind = type === 'integer' ? 'an integer' : 'a number';
  const isRight = typeof value === 'number' && Number.isFinite(value) && (type === 'number' || Number.isSafeInteger(value));
  if (isRight && value >= min && value <= max) return null;
  return `must be ${kind} from ${min} to ${max}${unit === '' ? '' : ` ${unit}`}, not ${shown(value)}`;
}

function textProblem({ lengthMax, pattern }: AnyField & { type: 'text' }, value: unknown): string | null {
  if (typeof value !== 'string' || value.length > lengthMax) return `must be text of at most ${lengthMax} characters, not ${shown(value)}`;
  return pattern === undefined || new RegExp(pattern).test(value) ? null : `must match ${pattern}, not ${shown(value)}`;
}

function readList({ of, lengthMin, lengthMax }: AnyField & { type: 'list' }, value: unknown, path: string, problems: Problems): unknown {
  if (!Array.isArray(value) || value.length < lengthMin || value.length > lengthMax) {
    return checked(value, path, problems, `must be a list of ${lengthMin} to ${lengthMax} items, not ${shown(value)}`);
  }
  return value.map((item, at) => readField(of, item, `${path}[${at}]`, problems));
}

function readMap({ of, sizeMax }: AnyField & { type: 'map' }, value: unknown, path: string, problems: Problems): unknown {
  if (!isPlain(value) || Object.keys(value).length > sizeMax) {
    return checked(value, path, problems, `must be an object of at most ${sizeMax} names, not ${shown(value)}`);
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, readField(of, item, `${path}.${name}`, problems)]));
}

function readGroup(fields: Readonly<Record<string, AnyField>>, value: unknown, path: string, problems: Problems): unknown {
  if (!isPlain(value)) return checked(value, path, problems, `must be an object, not ${shown(value)}`);
  const under = (name: string) => (path === '' ? name : `${path}.${name}`);
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(fields, name)) problems.push({ field: under(name), problem: `is unknown; there are ${Object.keys(fields).join(', ')}` });
  }
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => {
    const given = Object.hasOwn(value, name) && value[name] !== undefined;
    return [name, given ? readField(field, value[name], under(name), problems) : structuredClone(field.default)];
  }));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : isPlain(value) ? 'an object' : Array.isArray(value) ? `a list of ${value.length}` : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
