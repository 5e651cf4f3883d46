/** One media range of an Accept header: `application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`. */
export interface MediaRange {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const rangesMax = 32;

/** The ranges of an Accept header, best quality first, else in their order. None given: anything. */
export function parseAccept(header: string | undefined): MediaRange[] {
  if (header === undefined || header.trim() === '') return [{ type: '*/*', parameters: {} }];
  const ranges = header
    .split(',')
    .slice(0, rangesMax)
    .map((text) => {
      const [type = '', ...rest] = text.split(';').map((part) => part.trim());
      const parameters = Object.fromEntries(
        rest.map((part) => {
          const [key = '', value = ''] = part.split('=');
          return [key.trim(), value.trim().replace(/^"(.*)"$/, '$1')];
        }),
      );
      const quality = Number.parseFloat(parameters['q'] ?? '1');
      return { type: type.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 1 : quality };
    });
  return ranges.filter((range) => range.type !== '' && range.quality > 0).sort((a, b) => b.quality - a.quality);
}

/** Whether a range takes the media type `application/json`. */
export const takes = (range: MediaRange, type: string): boolean =>
  range.type === '*/*' || range.type === type || range.type === `${type.split('/')[0]}/*`;
