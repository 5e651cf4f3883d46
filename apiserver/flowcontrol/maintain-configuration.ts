import { sleep, type Clock } from '../../base/clock.ts';
import { semanticEqual } from '../../api/meta/deep-equal.ts';
import type { Log } from '../../base/log.ts';
import { bootstrapObjects } from '../auth/bootstrap-policy.ts';
import type { KubeObject, ObjectStore } from '../pipeline.ts';

const group = 'flowcontrol.apiserver.k8s.io';
const kinds = [
  { kind: 'PriorityLevelConfiguration', resource: 'prioritylevelconfigurations' },
  { kind: 'FlowSchema', resource: 'flowschemas' },
];
/** Their specification is this one, whatever somebody has written. */
const mandatory: ReadonlySet<string> = new Set(['exempt', 'catch-all']);
const autoUpdate = 'apf.kubernetes.io/autoupdate-spec';
const periodMs = 60_000;

/** Of the exempt level, shares and what it lends may be chosen. */
function wantedSpec(object: KubeObject, present: KubeObject): unknown {
  const isExemptLevel = object.kind === 'PriorityLevelConfiguration' && object.metadata?.name === 'exempt';
  const own = (present['spec'] as KubeObject | undefined)?.['exempt'];
  return isExemptLevel && own !== undefined ? { ...(object['spec'] as object), exempt: own } : object['spec'];
}

/** Objects that this server may bring up to date: its own, unless an administrator has taken them over. */
function isOurs({ metadata }: KubeObject): boolean {
  if (mandatory.has(metadata?.name ?? '')) return true;
  const told = metadata?.annotations?.[autoUpdate];
  return told === undefined ? metadata?.generation === 1 : told === 'true';
}

async function maintain(store: ObjectStore): Promise<void> {
  for (const { kind, resource } of kinds) {
    const present = new Map((await store.list(group, resource)).map((object) => [object.metadata?.name, object]));
    for (const object of bootstrapObjects.filter((each) => each.kind === kind)) {
      const found = present.get(object.metadata?.name);
      if (found === undefined) await store.ensure(group, resource, structuredClone(object));
      else if (isOurs(found)) {
        const spec = wantedSpec(object, found);
        if (!semanticEqual(spec, found['spec']))
          await store.update(group, resource, { ...structuredClone(found), spec });
      }
    }
  }
}

/** Keeps the default flow schemas and priority levels as they are meant to be, until the signal. */
export async function maintainFlowConfiguration(
  store: ObjectStore,
  clock: Clock,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await sleep(periodMs, clock, signal).catch(() => {});
    if (signal.aborted) return;
    await maintain(store).catch((error: unknown) => log.debug({ err: error }, 'flow configuration was not looked at'));
  }
}

export { maintain as maintainFlowConfigurationOnce };
