// The supervision tree: the index, and the server that asks it.
import { application } from '@flyball/kernel';
import { indexServer, type IndexServerArgument } from './index-server.ts';
import server from './server.ts';

export default application({
  name: 'documents',
  children: (env: IndexServerArgument) => [
    { id: 'index', start: [indexServer, env], name: 'documents_index' },
    { id: 'server', start: [server] },
  ],
});
