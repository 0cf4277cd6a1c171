/**
 * A server definition made ready to serve: tools by name, validators compiled, constant texts to be encoded once.
 * Made when a definition is loaded or swapped in; everything that can be wrong with a schema is found here, not in a call.
 */
import type { ServerDefinition } from '../definition.ts';
import { McpError } from '../errors.ts';
import { type JsonSchema, jsonSchemaOf } from '../standard-schema.ts';
import type { Tool } from '../tool.ts';
import { META_SERVER_INFO } from './eras.ts';
import { isObject } from './json-rpc.ts';
import { NO_INPUT_SCHEMA, type Validator, validatorOf } from './validate-input.ts';
import type { Implementation, ServerCapabilities, WireTool } from './wire-types.ts';

export interface PreparedTool {
  readonly name: string;
  readonly tool: Tool;
  readonly validate: Validator;
  readonly wire: WireTool;
}

export interface PreparedServer {
  readonly definition: ServerDefinition;
  readonly info: Implementation;
  readonly capabilities: ServerCapabilities;
  /** In the order of definition, which is the order of tools/list. */
  readonly tools: ReadonlyMap<string, PreparedTool>;
  /** What a stateless result ends with: `,"resultType":"complete","_meta":{…}}`. */
  readonly statelessTail: string;
  /** Texts that do not change for this definition, by a key of their maker's. */
  readonly texts: Map<string, string>;
}

/** Errors: `mcp-bad-tool`, `mcp-bad-schema`. */
export function prepareServer(definition: ServerDefinition): PreparedServer {
  const tools = new Map<string, PreparedTool>();
  for (const [name, tool] of Object.entries(definition.tools)) tools.set(name, prepareTool(definition.name, name, tool));
  const info = serverInfo(definition);
  return {
    definition,
    info,
    capabilities: tools.size === 0 ? {} : { tools: {} },
    tools,
    statelessTail: `,"resultType":"complete","_meta":{"${META_SERVER_INFO}":${JSON.stringify(info)}}}`,
    texts: new Map(),
  };
}

/** Encodes once, answers the same text from then on. */
export function cachedText(server: PreparedServer, key: string, encode: () => string): string {
  let text = server.texts.get(key);
  if (text === undefined) {
    text = encode();
    server.texts.set(key, text);
  }
  return text;
}

function serverInfo(definition: ServerDefinition): Implementation {
  const { name, version, title, description, websiteUrl, icons } = definition;
  const info: Implementation = { name, version };
  if (title !== undefined) info.title = title;
  if (description !== undefined) info.description = description;
  if (websiteUrl !== undefined) info.websiteUrl = websiteUrl;
  if (icons !== undefined) info.icons = [...icons];
  return info;
}

function prepareTool(server: string, name: string, tool: Tool): PreparedTool {
  const where = `mcpServer ${server}: tool ${name}`;
  return { name, tool, validate: validatorOf(tool, where), wire: wireTool(name, tool, where) };
}

function wireTool(name: string, tool: Tool, where: string): WireTool {
  const wire: WireTool = { name, inputSchema: inputSchemaOf(tool, where) as WireTool['inputSchema'] };
  if (tool.title !== undefined) wire.title = tool.title;
  if (tool.description !== undefined) wire.description = tool.description;
  if (tool.annotations !== undefined) wire.annotations = tool.annotations;
  if (tool.icons !== undefined) wire.icons = [...tool.icons];
  const output = tool.outputSchema ?? (tool.output === undefined ? undefined : schemaText(tool.output, 'output', where));
  if (output !== undefined) wire.outputSchema = output as NonNullable<WireTool['outputSchema']>;
  return wire;
}

function inputSchemaOf(tool: Tool, where: string): JsonSchema {
  const schema = tool.inputSchema ?? (tool.input === undefined ? NO_INPUT_SCHEMA : schemaText(tool.input, 'input', where));
  if (!isObject(schema) || schema['type'] !== 'object') {
    throw new McpError('mcp-bad-tool', `${where}: the input must be an object (its JSON Schema needs type "object")`);
  }
  return schema;
}

function schemaText(schema: NonNullable<Tool['input']>, side: 'input' | 'output', where: string): JsonSchema {
  let converted: JsonSchema | undefined;
  try {
    converted = jsonSchemaOf(schema, side);
  } catch (cause) {
    throw new McpError('mcp-bad-tool', `${where}: its ${side} has no JSON Schema form; give ${side}Schema beside it`, { cause });
  }
  if (converted === undefined) {
    const vendor = schema['~standard'].vendor;
    throw new McpError('mcp-bad-tool', `${where}: ${vendor} does not tell the JSON Schema of its ${side}; give ${side}Schema beside it`);
  }
  return converted;
}
