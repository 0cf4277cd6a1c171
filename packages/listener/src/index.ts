export { DescriptorError, bindDescriptor, borrowDescriptor, createDescriptorKeeper, parentLink } from './descriptors.ts';
export type {
  BoundDescriptor,
  DescriptorErrorCode,
  DescriptorKeeper,
  DescriptorLink,
  DescriptorReply,
  DescriptorRequest,
  DescriptorSpec,
  ListenHandle,
} from './descriptors.ts';
