import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyToPath, Pod, Volume, VolumeProjection } from '../../api/types/core-v1.ts';
import { messageOf } from '../../client/api-errors.ts';
import { writeAtomically, type VolumeFile } from './atomic-files.ts';
import { fieldValue, resourceValue } from './field-ref.ts';
import type { NodeFacts } from './field-ref.ts';
import { MissingSourceError, configMapData, secretData } from './pod-sources.ts';
import type { PodSources } from './pod-sources.ts';

export interface VolumeContext {
  readonly pod: Pod;
  /** the pod's own folder on this node */
  readonly podDir: string;
  readonly sources: PodSources;
  readonly node: NodeFacts;
  readonly podIp: string;
  /** told of what a volume has to do without */
  warn(message: string): void;
}

type Files = Map<string, VolumeFile>;
const defaultFileMode = 0o644;

/** Picks and renames keys; without `items` every key is a file. */
function picked(
  data: Map<string, Buffer>,
  items: readonly KeyToPath[] | undefined,
  what: string,
  optional?: boolean,
): Files {
  if (!items?.length) return new Map([...data].map(([key, bytes]) => [key, { data: bytes, mode: undefined }]));
  const files: Files = new Map();
  for (const { key, path, mode } of items) {
    const bytes = data.get(key);
    if (bytes !== undefined) files.set(path, { data: bytes, mode });
    else if (!optional) throw new MissingSourceError(`references non-existent ${what} key: ${key}`);
  }
  return files;
}

async function projected(context: VolumeContext, source: VolumeProjection): Promise<Files> {
  const { pod, sources, node, podIp } = context;
  const namespace = pod.metadata?.namespace ?? '';
  if (source.configMap) {
    const { name = '', items, optional } = source.configMap;
    const map = await sources.configMap(namespace, name);
    if (!map && !optional) throw new MissingSourceError(`configmap "${name}" not found`);
    return picked(map ? configMapData(map) : new Map(), map ? items : [], 'config', optional);
  }
  if (source.secret) {
    const { name = '', items, optional } = source.secret;
    const secret = await sources.secret(namespace, name);
    if (!secret && !optional) throw new MissingSourceError(`secret "${name}" not found`);
    return picked(secret ? secretData(secret) : new Map(), secret ? items : [], 'secret', optional);
  }
  if (source.downwardAPI) {
    return new Map(
      (source.downwardAPI.items ?? []).map(({ path, fieldRef, resourceFieldRef, mode }) => {
        const text = fieldRef
          ? fieldValue(fieldRef.fieldPath, pod, node, podIp)
          : resourceFieldRef
            ? resourceValue(resourceFieldRef, pod, undefined, node)
            : '';
        return [path, { data: Buffer.from(text), mode }];
      }),
    );
  }
  if (source.serviceAccountToken) {
    const { path, audience, expirationSeconds } = source.serviceAccountToken;
    const account = pod.spec?.serviceAccountName || 'default';
    const identity = { name: pod.metadata?.name ?? '', uid: pod.metadata?.uid ?? '' };
    const token = await sources.token(namespace, account, { audience, expirationSeconds, pod: identity });
    if (token !== undefined) return new Map([[path, { data: Buffer.from(token), mode: undefined }]]);
    context.warn(`the API server issues no token for service account ${account}; the volume goes without`);
    return new Map();
  }
  throw new MissingSourceError('a projected volume source of this kind is not supported by this kubelet');
}

/** The files of a volume that is made of API objects; undefined for other kinds. */
async function filesOf(context: VolumeContext, volume: Volume): Promise<{ files: Files; mode: number } | undefined> {
  const { configMap, secret, downwardAPI, projected: projection } = volume;
  if (configMap) {
    return { files: await projected(context, { configMap }), mode: configMap.defaultMode ?? defaultFileMode };
  }
  if (secret) {
    const { secretName, items, optional } = secret;
    const files = await projected(context, { secret: { name: secretName, items, optional } });
    return { files, mode: secret.defaultMode ?? defaultFileMode };
  }
  if (downwardAPI) {
    return { files: await projected(context, { downwardAPI }), mode: downwardAPI.defaultMode ?? defaultFileMode };
  }
  if (!projection) return undefined;
  const files: Files = new Map();
  for (const source of projection.sources ?? []) {
    for (const [path, file] of await projected(context, source)) files.set(path, file);
  }
  return { files, mode: projection.defaultMode ?? defaultFileMode };
}

type HostPathCheck = (path: string) => Promise<void>;
const exists = (path: string) => stat(path).catch(() => undefined);
const failed = (path: string, what: string): MissingSourceError =>
  new MissingSourceError(`hostPath type check failed: ${path} is not a ${what}`);
const hostPathChecks: Record<string, HostPathCheck> = {
  '': async () => {},
  DirectoryOrCreate: async (path) => void (await mkdir(path, { recursive: true })),
  Directory: async (path) => {
    if (!(await exists(path))?.isDirectory()) throw failed(path, 'directory');
  },
  FileOrCreate: async (path) => {
    if (!(await exists(path))) await writeFile(path, '', { flag: 'a' });
  },
  File: async (path) => {
    if (!(await exists(path))?.isFile()) throw failed(path, 'file');
  },
  Socket: async (path) => {
    if (!(await exists(path))?.isSocket()) throw failed(path, 'socket file');
  },
};

/** Makes one volume ready, and says where on the host it is. */
export async function prepareVolume(context: VolumeContext, volume: Volume): Promise<string> {
  const folder = join(context.podDir, 'volumes', volume.name);
  if (volume.hostPath) {
    const check = hostPathChecks[volume.hostPath.type ?? ''];
    if (!check) throw new MissingSourceError(`hostPath type ${volume.hostPath.type} is not supported by this kubelet`);
    await check(volume.hostPath.path);
    return volume.hostPath.path;
  }
  if (volume.emptyDir) {
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o777);
    return folder;
  }
  const made = await filesOf(context, volume);
  if (made === undefined) {
    const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'unknown';
    throw new MissingSourceError(`volume "${volume.name}": volumes of type ${kind} are not supported by this kubelet`);
  }
  await mkdir(folder, { recursive: true });
  await writeAtomically(folder, made.files, made.mode);
  return folder;
}

/** name → path on the host, of all volumes of the pod */
export async function prepareVolumes(context: VolumeContext): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  for (const volume of context.pod.spec?.volumes ?? []) paths.set(volume.name, await prepareVolume(context, volume));
  return paths;
}

/**
 * Brings the files of API objects up to date: ConfigMaps and Secrets as they are now, tokens before they end.
 * A volume whose objects are gone stays as it was, and is warned of.
 */
export async function refreshVolumes(context: VolumeContext): Promise<void> {
  for (const volume of context.pod.spec?.volumes ?? []) {
    const { configMap, secret, downwardAPI, projected: projection } = volume;
    if (!(configMap ?? secret ?? downwardAPI ?? projection)) continue;
    try {
      await prepareVolume(context, volume);
    } catch (error) {
      context.warn(messageOf(error));
    }
  }
}
