/**
 * The part of the Standard Schema and Standard JSON Schema interfaces (standardschema.dev) that Flyball reads,
 * written structurally so that any library that implements them (zod 4, valibot, arktype, …) fits without being imported.
 */

export interface StandardIssue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** How a library tells its own JSON Schema; `target` is a dialect name. */
export interface StandardJsonSchema {
  readonly input: (options: { readonly target: string }) => Record<string, unknown>;
  readonly output: (options: { readonly target: string }) => Record<string, unknown>;
}

export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    readonly jsonSchema?: StandardJsonSchema | undefined;
  };
}

/** What a validated value has become: the type that `run` receives. */
export type OutputOf<S> = S extends { readonly '~standard': { readonly types?: { readonly output: infer O } | undefined } } ? O : never;

export type JsonSchema = { readonly [keyword: string]: unknown };

export const JSON_SCHEMA_DIALECT = 'draft-2020-12';

/** `input` is what a caller sends, `output` what validation hands on (defaults applied). */
export function jsonSchemaOf(schema: StandardSchema, side: 'input' | 'output'): JsonSchema | undefined {
  const convert = schema['~standard'].jsonSchema;
  return convert === undefined ? undefined : convert[side]({ target: JSON_SCHEMA_DIALECT });
}

export function pathText(path: StandardIssue['path']): string {
  if (path === undefined || path.length === 0) return '';
  return path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.');
}

/** One line a model can act on: `city: expected string; days: too big`. At most `issueCountMax` issues. */
export function issuesText(issues: readonly StandardIssue[], issueCountMax = 8): string {
  const shown = issues.slice(0, issueCountMax).map((issue) => {
    const path = pathText(issue.path);
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
  const hidden = issues.length - shown.length;
  return shown.join('; ') + (hidden > 0 ? `; and ${hidden} more` : '');
}
