/** Who shows no credentials: `system:anonymous` where that is allowed, refused elsewhere. */
export interface AnonymousSettings {
  readonly enabled: boolean;
  /** exactly these paths; absent: all. Rights still decide what may be done there */
  readonly paths?: readonly string[];
}

/** Paths, and all below them, that tell health and version. */
const openRoots: readonly string[] = ['/livez', '/readyz', '/healthz', '/version'];

export type AllowsAnonymous = (path: string) => boolean;

/** Where nothing is said, only health and version are told to whoever asks. */
export function anonymousPolicy(settings: AnonymousSettings | undefined): AllowsAnonymous {
  if (settings === undefined) return (path) => openRoots.some((root) => path === root || path.startsWith(`${root}/`));
  if (!settings.enabled) return () => false;
  const { paths } = settings;
  return paths === undefined ? () => true : (path) => paths.includes(path);
}
