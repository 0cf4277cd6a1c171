import { application } from '@flyball/kernel';
import { lifetime } from './lifetime.ts';
import server from './server.ts';

export default application({
  name: 'recording',
  children: [
    { id: 'lifetime', start: [lifetime] },
    { id: 'server', start: [server] },
  ],
});
