export { nodeConfiguration, START_OPTIONS, type NodeConfiguration, type StartValues } from './config.ts';
