import { application } from '@flyball/kernel';
import server from './server.ts';

export default application({
  name: 'recording',
  children: [{ id: 'server', start: [server] }],
});
