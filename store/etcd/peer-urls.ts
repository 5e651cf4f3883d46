import { etcdError } from './errors.ts';

const schemes: ReadonlySet<string> = new Set(['http:', 'https:', 'unix:', 'unixs:']);

function isPeerUrl(text: string): boolean {
  if (text !== text.trim() || !URL.canParse(text)) return false;
  const { protocol, port, pathname, search } = new URL(text);
  if (protocol === 'unix:' || protocol === 'unixs:') return true;
  // `URL` leaves out a port that is the scheme's own
  const hasPort = port !== '' || /:\d+\/?$/.test(text);
  return schemes.has(protocol) && hasPort && (pathname === '' || pathname === '/') && search === '';
}

/** Sorted, as etcd keeps them; throws etcd's error where one is no peer URL or there is none. */
export function checkPeerUrls(urls: readonly string[]): string[] {
  if (urls.length === 0 || !urls.every(isPeerUrl)) throw etcdError('member-bad-urls');
  return [...urls].sort();
}
