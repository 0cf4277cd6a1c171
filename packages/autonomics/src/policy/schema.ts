// A governor's policy as data: one table of fields says type, unit, range, default and effect; checking a policy,
// its JSON Schema and its reference page are read from the same table.

interface FieldBase<T> {
  readonly default: T;
  /** One line: what changes when the value does. */
  readonly effect: string;
}

export interface NumberField extends FieldBase<number> {
  readonly type: 'integer' | 'number';
  /** ms, requests/s, %, micro-units, … */
  readonly unit: string;
  readonly min: number;
  readonly max: number;
}

export interface BooleanField extends FieldBase<boolean> {
  readonly type: 'boolean';
}

export interface ChoiceField<T extends string> extends FieldBase<T> {
  readonly type: 'choice';
  readonly choices: readonly T[];
}

export interface TextField extends FieldBase<string> {
  readonly type: 'text';
  readonly lengthMax: number;
  /** Whole-value pattern, anchored. */
  readonly pattern?: string;
}

/** `null` means: without. */
export interface OptionalField<T> extends FieldBase<T | null> {
  readonly type: 'optional';
  readonly of: Field<T>;
}

export interface ListField<T> extends FieldBase<readonly T[]> {
  readonly type: 'list';
  readonly lengthMin: number;
  readonly lengthMax: number;
  readonly of: Field<T>;
}

/** Names → values of one kind: prices, exchange rates. */
export interface MapField<T> extends FieldBase<Readonly<Record<string, T>>> {
  readonly type: 'map';
  readonly sizeMax: number;
  readonly of: Field<T>;
}

export interface GroupField<T> extends FieldBase<T> {
  readonly type: 'group';
  readonly fields: Fields<T>;
}

/** Tuples keep a union whole: `'a' | 'b'` is one choice, `number | null` one optional number. */
export type Field<T> =
  null extends T ? OptionalField<NonNullable<T>>
  : [T] extends [number] ? NumberField
  : [T] extends [boolean] ? BooleanField
  : [T] extends [string] ? ChoiceField<T> | TextField
  : [T] extends [readonly (infer E)[]] ? ListField<E>
  : GroupField<T> | MapField<T[keyof T]>;

export type Fields<P> = { readonly [K in keyof P]-?: Field<P[K]> };

/** The field as the functions that walk a schema see it. */
export type AnyField =
  | NumberField | BooleanField | ChoiceField<string> | TextField
  | (FieldBase<unknown> & { readonly type: 'optional'; readonly of: AnyField })
  | (FieldBase<unknown> & { readonly type: 'list'; readonly lengthMin: number; readonly lengthMax: number; readonly of: AnyField })
  | (FieldBase<unknown> & { readonly type: 'map'; readonly sizeMax: number; readonly of: AnyField })
  | (FieldBase<unknown> & { readonly type: 'group'; readonly fields: Readonly<Record<string, AnyField>> });

export interface PolicyProblem {
  /** `budgets.dayMicro`, `stages[2].burn`; '' for the policy itself. */
  readonly field: string;
  /** What is wrong, what is allowed. */
  readonly problem: string;
}

/** Says what is wrong between fields that are each right: `null`, or the field and the problem. */
export type PolicyRule<P> = (policy: P) => PolicyProblem | null;

export interface PolicySchema<P> {
  /** cost_guard, … */
  readonly name: string;
  readonly fields: Fields<P>;
  readonly rules: readonly PolicyRule<P>[];
}

export function policySchema<P>(name: string, fields: Fields<P>, rules: readonly PolicyRule<P>[] = []): PolicySchema<P> {
  return { name, fields, rules };
}

/** Schemas are typed by their policy; whoever walks one needs the plain view. */
export function fieldsOf<P>(schema: PolicySchema<P>): Readonly<Record<string, AnyField>> {
  return schema.fields as unknown as Readonly<Record<string, AnyField>>;
}

export function defaultPolicy<P>(schema: PolicySchema<P>): P {
  const entries = Object.entries(fieldsOf(schema)).map(([name, field]) => [name, structuredClone(field.default)]);
  return Object.fromEntries(entries) as P;
}
