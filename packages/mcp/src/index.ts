// @flyball/mcp: MCP servers, their tools, and how they are served.

// For authors of servers.
export { mcpServer, type McpServer, type McpServerStart } from './server.ts';
export { tool, type FormContent, type Isolation, type Tool, type ToolContext, type ToolLimits, type ToolOptions } from './tool.ts';
export { audio, content, failure, image, json, text, type ToolResult } from './content.ts';
export type { ServerOptions } from './definition.ts';
export type { Answer, Ask, FormSchema } from './protocol/elicitation.ts';
export type { ProgressUpdate } from './protocol/progress.ts';
export { McpError, MCP_ERRORS, type McpErrorCode } from './errors.ts';

// For who composes a node.
export { configureServing, servingSettings, type ModulePlace, type ServingSettings } from './serving/settings.ts';
export { originPolicy, type OriginOptions, type OriginPolicy } from './protocol/origin-rules.ts';
export { servesIsolatedTools } from './serving/served.ts';
export { randomKey, STATE_KEY_BYTES } from './serving/state-key.ts';
export { sessionCount, sessionProcess, sessionProcesses, shardOfSession, useSessionForwarder, type SessionForwarder } from './serving/session-directory.ts';
export { endForReconnect } from './serving/reply-channel.ts';
export { adoptSessions, moveSessions, type SessionCarrier } from './serving/session-moving.ts';
export { sessionsName } from './serving/server-tree.ts';
export { sessionEnded, sessionStarted, type SessionSeed } from './serving/session-server.ts';
export { toolCallEnded, toolCallFailed, type ToolCallEnded } from './serving/call.ts';
export { SESSION_VERSIONS, STATELESS_VERSIONS, SUPPORTED_VERSIONS, type ProtocolVersion } from './protocol/versions.ts';
