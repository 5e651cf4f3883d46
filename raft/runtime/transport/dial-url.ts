/**
 * For fault injection only: `KUORUM_PEER_DIAL="https://h:1>https://h:9 https://h:2>https://h:8"` makes this process
 * reach peers through a proxy. A peer's URL stays what it is, so that nobody's identity changes.
 */
export function dialUrl(url: string, overrides = process.env['KUORUM_PEER_DIAL'] ?? ''): string {
  if (overrides === '') return url;
  const wanted = overrides.split(' ').map((pair) => pair.split('>'));
  return wanted.find(([from]) => from === url)?.[1] ?? url;
}
