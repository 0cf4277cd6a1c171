// Node's http. Imported as an ES module it would read each of its exports, and with the lazy ones load
// undici: 24 ms of a node's start in place of 2 (Node 24.21), and their memory.
export const http: typeof import('node:http') = process.getBuiltinModule('node:http');
