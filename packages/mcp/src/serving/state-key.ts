// Keys that sign what a stateless server hands out.
import { secureToken } from '@flyball/kernel';

export const STATE_KEY_BYTES = 32;

export function randomKey(): Uint8Array {
  return Buffer.from(secureToken(STATE_KEY_BYTES), 'base64url');
}
