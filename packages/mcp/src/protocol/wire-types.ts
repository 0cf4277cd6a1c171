/**
 * The official wire types, taken from the official schemas. Types only: loading the schemas themselves costs tens of
 * milliseconds, so nothing here may become a runtime import.
 */
import type * as core from '@modelcontextprotocol/core';
import type { z } from 'zod';

export type CallToolResult = z.input<typeof core.CallToolResultSchema>;
export type ContentBlock = z.input<typeof core.ContentBlockSchema>;
export type Implementation = z.input<typeof core.ImplementationSchema>;
export type Icon = z.input<typeof core.IconSchema>;
export type ToolAnnotations = z.input<typeof core.ToolAnnotationsSchema>;
export type WireTool = z.input<typeof core.ToolSchema>;
export type InitializeResult = z.input<typeof core.InitializeResultSchema>;
export type DiscoverResult = z.input<typeof core.DiscoverResultSchema>;
export type ListToolsResult = z.input<typeof core.ListToolsResultSchema>;
export type ServerCapabilities = z.input<typeof core.ServerCapabilitiesSchema>;
export type ClientCapabilities = z.input<typeof core.ClientCapabilitiesSchema>;
export type ElicitFormParams = z.input<typeof core.ElicitRequestFormParamsSchema>;
export type ElicitResult = z.input<typeof core.ElicitResultSchema>;
export type ProgressParams = z.input<typeof core.ProgressNotificationParamsSchema>;
