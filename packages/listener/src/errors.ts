// The listener's coded errors: what can go wrong with a listening descriptor.

export const descriptorErrorCodes = {
  'address-in-use': 'Another process listens on that address and port.',
  'address-not-available': 'This machine has no such address.',
  'permission-denied': 'Listening there is not allowed to this user; ports of 1024 and above are.',
  'host-not-found': 'The host name does not resolve.',
  'bind-failed': 'The socket could not be bound for another reason, which the message names.',
  'descriptor-conflict': 'A descriptor of that name is bound to another address.',
} as const;

export type DescriptorErrorCode = keyof typeof descriptorErrorCodes;

export class DescriptorError extends Error {
  readonly code: string;

  constructor(code: DescriptorErrorCode | (string & {}), message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DescriptorError';
    this.code = code;
  }
}
