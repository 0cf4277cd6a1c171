import { application } from '@flyball/kernel';
import { neighbour } from './neighbour.ts';
import server from './server.ts';

export default application({
  name: 'places',
  children: [
    { id: 'neighbour', start: [neighbour], name: 'neighbour' },
    { id: 'server', start: [server] },
  ],
});
