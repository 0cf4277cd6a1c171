/**
 * Questions to the user in form mode: the form a tool asks for, the request that carries it, and the answer. The same in
 * both eras; how the request travels differs: `elicitation/create` on the call's stream, or inside `input_required`.
 */
import { McpError } from '../errors.ts';
import { issuesText, type JsonSchema, jsonSchemaOf, type StandardSchema } from '../standard-schema.ts';
import type { FormContent } from '../tool.ts';
import { encodeRequest, isObject, type Params, type RequestId } from './json-rpc.ts';
import { compileSchema } from './json-schema.ts';
import { knowsElicitation, knowsElicitationMode, type ProtocolVersion } from './versions.ts';
import type { ElicitFormParams } from './wire-types.ts';

export interface Ask<Content = FormContent> {
  readonly message: string;
  /** A flat object of texts, numbers, booleans and choices; as a Standard Schema, or as the form's JSON Schema itself. */
  readonly schema: StandardSchema<unknown, Content> | FormSchema;
  /** Names the question among those of one call. Default: by position, `question-1`, … */
  readonly key?: string;
}

export interface FormSchema {
  readonly type: 'object';
  readonly properties: { readonly [field: string]: JsonSchema };
  readonly required?: readonly string[];
}

export type Answer<Content = FormContent> =
  | { readonly action: 'accept'; readonly content: Content }
  /** The user said no. */
  | { readonly action: 'decline' }
  /** The user said nothing: closed the form, pressed escape. */
  | { readonly action: 'cancel' };

export interface PreparedAsk {
  readonly key: string | undefined;
  readonly params: ElicitFormParams;
  readonly check: (content: unknown) => Checked | Promise<Checked>;
}
type Checked = { readonly ok: true; readonly content: unknown } | { readonly ok: false; readonly problem: string };

export type JudgedAnswer =
  | { readonly ok: true; readonly answer: Answer<unknown> }
  /** `problem` names the field and what was expected. */
  | { readonly ok: false; readonly problem: string };

/** The capability to name in a −32021. */
export const FORM_ELICITATION: Params = Object.freeze({ elicitation: Object.freeze({ form: Object.freeze({}) }) });

/** An empty `elicitation` means form mode; one that names modes must name `form` (elicitation, "Capabilities"). */
export function canElicitForm(capabilities: Params, version: ProtocolVersion): boolean {
  const declared = capabilities['elicitation'];
  if (!knowsElicitation(version) || !isObject(declared)) return false;
  return declared['form'] !== undefined || declared['url'] === undefined;
}

export const ELICITATION_KEY_LENGTH_MAX = 64;
const KEY = /^[\x21-\x7e]{1,64}$/;

/** Errors: `mcp-bad-elicitation`, `mcp-bad-schema`. */
export function prepareAsk(ask: Ask<unknown>): PreparedAsk {
  if (typeof ask.message !== 'string' || ask.message === '') throw badAsk('message must be a text that is not empty');
  if (ask.key !== undefined && !KEY.test(ask.key)) throw badAsk(`key must be 1 to ${ELICITATION_KEY_LENGTH_MAX} visible ASCII characters`);
  const { schema } = ask;
  const standard = '~standard' in schema ? schema : undefined;
  const requestedSchema = flatForm(standard === undefined ? (schema as unknown as JsonSchema) : formSchemaOf(standard));
  const params: ElicitFormParams = { message: ask.message, requestedSchema };
  const check = standard === undefined ? plainCheck(requestedSchema) : standardCheck(standard);
  return { key: ask.key, params, check };
}

function badAsk(problem: string): McpError {
  return new McpError('mcp-bad-elicitation', `elicit: ${problem}`);
}

function formSchemaOf(schema: StandardSchema): JsonSchema {
  const converted = jsonSchemaOf(schema, 'input');
  if (converted === undefined) throw badAsk('this schema library tells no JSON Schema; give the form as { type: "object", properties: … }');
  return converted;
}

const FIELD_KEYWORDS = {
  string: ['type', 'title', 'description', 'minLength', 'maxLength', 'format', 'default', 'enum', 'enumNames', 'oneOf'],
  number: ['type', 'title', 'description', 'minimum', 'maximum', 'default'],
  integer: ['type', 'title', 'description', 'minimum', 'maximum', 'default'],
  boolean: ['type', 'title', 'description', 'default'],
  array: ['type', 'title', 'description', 'minItems', 'maxItems', 'items', 'default'],
} as const;
const FORMATS = ['email', 'uri', 'date', 'date-time'];

/** Keeps what a form may say, refuses what it may not (elicitation, "Requested Schema"): flat, primitive fields. */
function flatForm(schema: JsonSchema): ElicitFormParams['requestedSchema'] {
  const { type, properties, required } = schema;
  if (type !== 'object' || !isObject(properties)) throw badAsk('the form must be an object with properties');
  const fields: { [field: string]: unknown } = Object.create(null);
  for (const [name, field] of Object.entries(properties)) fields[name] = flatField(name, field);
  const form = { type: 'object', properties: { ...fields }, ...(Array.isArray(required) && required.length > 0 ? { required } : {}) };
  return form as ElicitFormParams['requestedSchema'];
}

function flatField(name: string, field: unknown): { [keyword: string]: unknown } {
  const type = isObject(field) ? field['type'] : undefined;
  const known = typeof type === 'string' && Object.hasOwn(FIELD_KEYWORDS, type);
  if (!isObject(field) || !known) throw badAsk(`field ${name} must be a string, number, integer, boolean or a choice of texts`);
  const kept: { [keyword: string]: unknown } = {};
  for (const keyword of FIELD_KEYWORDS[type as keyof typeof FIELD_KEYWORDS]) {
    const value = field[keyword];
    if (value === undefined || (keyword === 'format' && !FORMATS.includes(value as string))) continue;
    kept[keyword] = value;
  }
  if (type === 'array' && !isChoice(field['items'])) throw badAsk(`field ${name}: a list must be a choice among texts`);
  return kept;
}

function isChoice(items: unknown): boolean {
  return isObject(items) && (Array.isArray(items['enum']) || Array.isArray(items['anyOf']));
}

function plainCheck(form: ElicitFormParams['requestedSchema']): PreparedAsk['check'] {
  const check = compileSchema(form as JsonSchema, 'elicit');
  return (content) => {
    const issues = check(content);
    return issues.length === 0 ? { ok: true, content } : { ok: false, problem: issuesText(issues) };
  };
}

function standardCheck(schema: StandardSchema): PreparedAsk['check'] {
  const standard = schema['~standard'];
  return (content) => {
    const judged = standard.validate(content);
    const read = (result: Awaited<typeof judged>): Checked =>
      result.issues === undefined ? { ok: true, content: result.value } : { ok: false, problem: issuesText(result.issues) };
    return judged instanceof Promise ? judged.then(read) : read(judged);
  };
}

function wireParams(ask: PreparedAsk, version: ProtocolVersion): ElicitFormParams {
  return knowsElicitationMode(version) ? { mode: 'form', ...ask.params } : ask.params;
}

/** Sessionful: the server's own request, sent on the stream of the call that asks. */
export function elicitationRequest(id: RequestId, ask: PreparedAsk, version: ProtocolVersion): string {
  return encodeRequest(id, 'elicitation/create', JSON.stringify(wireParams(ask, version)));
}

/** Stateless: the value of one key of `inputRequests`. */
export function inputRequest(ask: PreparedAsk, version: ProtocolVersion): { method: 'elicitation/create'; params: ElicitFormParams } {
  return { method: 'elicitation/create', params: wireParams(ask, version) };
}

/** Reads the client's ElicitResult, which is untrusted, and checks its content against what was asked. */
export function judgeAnswer(ask: PreparedAsk, result: unknown): JudgedAnswer | Promise<JudgedAnswer> {
  if (!isObject(result)) return { ok: false, problem: 'the answer is no object' };
  const { action, content } = result;
  if (action === 'decline' || action === 'cancel') return { ok: true, answer: { action } };
  if (action !== 'accept') return { ok: false, problem: 'action must be accept, decline or cancel' };
  if (!isObject(content)) return { ok: false, problem: 'an accepted answer needs content' };
  const checked = ask.check(content);
  return checked instanceof Promise ? checked.then(accepted) : accepted(checked);
}

function accepted(checked: Checked): JudgedAnswer {
  return checked.ok ? { ok: true, answer: { action: 'accept', content: checked.content } } : checked;
}
