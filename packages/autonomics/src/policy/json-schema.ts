// A policy's JSON Schema (2020-12), for editors and for whoever checks a policy file without us.
import { fieldsOf, type AnyField, type PolicySchema } from './schema.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

export function policyJsonSchema<P>(schema: PolicySchema<P>): JsonSchema {
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title: `Policy of ${schema.name}`, ...groupSchema(fieldsOf(schema)) };
}

function groupSchema(fields: Readonly<Record<string, AnyField>>): JsonSchema {
  const properties = Object.entries(fields).map(([name, field]) => [name, { ...fieldSchema(field), description: described(field), default: field.default }]);
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false };
}

function described(field: AnyField): string {
  const unit = unitOf(field);
  return unit === '' ? field.effect : `${field.effect} (${unit})`;
}

export function unitOf(field: AnyField): string {
  if (field.type === 'optional' || field.type === 'list' || field.type === 'map') return unitOf(field.of);
  return field.type === 'integer' || field.type === 'number' ? field.unit : '';
}

function fieldSchema(field: AnyField): JsonSchema {
  switch (field.type) {
    case 'integer':
    case 'number': return { type: field.type, minimum: field.min, maximum: field.max };
    case 'boolean': return { type: 'boolean' };
    case 'choice': return { type: 'string', enum: field.choices };
    case 'text': return { type: 'string', maxLength: field.lengthMax, ...(field.pattern === undefined ? {} : { pattern: field.pattern }) };
    case 'optional': return { anyOf: [fieldSchema(field.of), { type: 'null' }] };
    case 'list': return { type: 'array', items: fieldSchema(field.of), minItems: field.lengthMin, maxItems: field.lengthMax };
    case 'map': return { type: 'object', additionalProperties: fieldSchema(field.of), maxProperties: field.sizeMax };
    case 'group': return groupSchema(field.fields);
  }
}
