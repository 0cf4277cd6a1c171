// Is an address this host's own? (127.0.0.0/8 and ::1, also mapped into IPv6.)
export function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address) || address === '::1' || address === 'localhost' || address === '[::1]';
}
