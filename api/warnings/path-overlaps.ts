/** Files of a volume that come to lie on one another. */
import type { DownwardAPIVolumeFile, KeyToPath, Volume, VolumeProjection } from '../types/core-v1.ts';

interface Place {
  readonly path: string;
  /** '' where there is only one */
  readonly source: string;
}

const quote = JSON.stringify;
const textOf = ({ path, source }: Place): string => (source === '' ? quote(path) : `${quote(path)} (${source})`);
const placesOf = (items: readonly (KeyToPath | DownwardAPIVolumeFile)[] | undefined, source: string): Place[] =>
  (items ?? []).map(({ path }) => ({ path, source }));

const isOn = (a: string, b: string): boolean => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);

function overlaps(places: readonly Place[]): string[] {
  const seen: Place[] = [];
  return places.flatMap((given) => {
    const place = { ...given, path: given.path.replace(/\/+$/, '') };
    const found = place.path === '' ? [] : seen.filter(({ path }) => isOn(path, place.path));
    seen.push(place);
    return found.map((other) => `${textOf(place)} with ${textOf(other)}`);
  });
}

function placesOfProjection(projection: VolumeProjection): Place[] {
  const { configMap, secret, downwardAPI, serviceAccountToken: token } = projection;
  const { clusterTrustBundle: bundle, podCertificate: certificate } = projection;
  if (configMap?.items) return placesOf(configMap.items, `ConfigMap ${quote(configMap.name ?? '')}`);
  if (secret?.items) return placesOf(secret.items, `Secret ${quote(secret.name ?? '')}`);
  if (downwardAPI?.items) return placesOf(downwardAPI.items, 'DownwardAPI');
  if (token) return [{ path: token.path, source: 'ServiceAccountToken' }];
  if (bundle) {
    return [{ path: bundle.path, source: `ClusterTrustBundle ${quote(bundle.name ?? bundle.signerName ?? '')}` }];
  }
  const files: [string | undefined, string][] = [
    [certificate?.certificateChainPath, 'PodCertificate chain'],
    [certificate?.keyPath, 'PodCertificate key'],
    [certificate?.credentialBundlePath, 'PodCertificate credential bundle'],
  ];
  return files.flatMap(([path, source]) => (path ? [{ path, source }] : []));
}

export function pathOverlapWarnings(volumes: readonly Volume[] | undefined): string[] {
  return (volumes ?? []).flatMap((volume) => {
    const told = (what: string, places: readonly Place[]): string[] =>
      overlaps(places).map((found) => `volume ${quote(volume.name)} (${what}): overlapping paths: ${found}`);
    const sources = volume.projected?.sources ?? [];
    const empty = sources.filter((source) => Object.values(source).every((value) => value === undefined));
    return [
      ...told(`ConfigMap ${quote(volume.configMap?.name ?? '')}`, placesOf(volume.configMap?.items, '')),
      ...told(`Secret ${quote(volume.secret?.secretName ?? '')}`, placesOf(volume.secret?.items, '')),
      ...told('DownwardAPI', placesOf(volume.downwardAPI?.items, '')),
      ...empty.map(() => `volume ${quote(volume.name)} (Projected) has no sources provided`),
      ...told('Projected', sources.flatMap(placesOfProjection)),
    ];
  });
}
