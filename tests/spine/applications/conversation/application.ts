// A server whose tools talk with their client while they run, beside whatever is served at /mcp.
import { application } from '@flyball/kernel';
import server from './server.ts';
import { witness } from './witness.ts';

export default application({
  name: 'conversation',
  children: [
    { id: 'witness', start: [witness], name: 'conversation_witness' },
    { id: 'server', start: [server, { path: '/conversation' }] },
  ],
});
