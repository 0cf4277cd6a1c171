// An application with a child that cannot start again once its fuse is blown. A new shard has a new fuse.
import { application } from '@flyball/kernel';
import { fragile, fuse } from './fragile.ts';
import server from './server.ts';

export default application({
  name: 'fragile',
  children: [
    { id: 'fuse', start: [fuse], name: 'fuse' },
    { id: 'fragile', start: [fragile], name: 'fragile' },
    { id: 'server', start: [server] },
  ],
  intensity: { restarts: 3, periodMs: 60_000 },
});
