import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { rfc3339 } from '../../base/clock.ts';
import { GrpcError, grpcCode } from '../../grpc/server.ts';
import { containerEventType, containerState, namespaceMode, sandboxState } from '../cri/types.ts';
import type { ContainerConfig, PodSandboxConfig } from '../cri/types.ts';
import { appendLog, criLogLine } from './container-log.ts';
import { ImageStore } from './image-store.ts';
import { PodAddresses } from './pod-addresses.ts';
import { exitCodeSigkill, simulatedProcess, simulationOf } from './simulated-process.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { StateFile } from './state-file.ts';

/** Kept in the state file as they are. Times are milliseconds since 1970. */
export interface SandboxRecord {
  readonly id: string;
  readonly config: PodSandboxConfig;
  readonly runtimeHandler: string;
  readonly createdAtMs: number;
  /** '' for a pod on the host's network */
  readonly ip: string;
  state: number;
}
export interface ContainerRecord {
  readonly id: string;
  readonly sandboxId: string;
  readonly config: ContainerConfig;
  readonly imageRef: string;
  readonly imageId: string;
  readonly createdAtMs: number;
  state: number;
  startedAtMs: number;
  finishedAtMs: number;
  exitCode: number;
  /** when and how the process will end, as far as that is known */
  ending?: { atMs: number; code: number };
  /** how many of its lines are in the log */
  linesLogged: number;
}
interface SavedState {
  readonly podCidr: string | undefined;
  readonly sandboxes: SandboxRecord[];
  readonly containers: ContainerRecord[];
  readonly images: string[];
}
export interface RuntimeEvent {
  readonly type: number;
  readonly sandboxId: string;
  readonly containerId: string;
  readonly atMs: number;
}

export interface EmbeddedRuntimeOptions {
  readonly statePath: string;
  /** addresses for pods; may come later through UpdateRuntimeConfig */
  readonly podCidr?: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** in the log of what is not known to print anything, so that nobody waits for more */
const simulationNotice = 'kuorum-embedded: this container is simulated, no process runs';
/** setTimeout fires at once for longer delays */
const delayMsMax = 2 ** 31 - 1;
export const containersMax = 10_000;

/** The state and the passing of time of pods that are simulated: it starts no process. */
export class EmbeddedRuntime {
  readonly sandboxes = new Map<string, SandboxRecord>();
  readonly containers = new Map<string, ContainerRecord>();
  readonly images = new ImageStore();
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #file: StateFile<SavedState>;
  readonly #timers = new Map<string, () => void>();
  readonly #watchers = new Set<(event: RuntimeEvent) => void>();
  readonly #exitWaiters = new Map<string, (() => void)[]>();
  #addresses: PodAddresses | undefined;
  #logging: Promise<void> = Promise.resolve();

  private constructor(options: EmbeddedRuntimeOptions, saved: SavedState | undefined) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#file = new StateFile(
      options.statePath,
      options.clock,
      () => this.#saved(),
      (error) => options.log.error({ err: error, path: options.statePath }, "cannot write the runtime's state"),
    );
    for (const image of saved?.images ?? []) this.images.add(image);
    for (const sandbox of saved?.sandboxes ?? []) this.sandboxes.set(sandbox.id, sandbox);
    for (const container of saved?.containers ?? []) this.containers.set(container.id, container);
    const podCidr = options.podCidr ?? saved?.podCidr;
    if (podCidr !== undefined) this.setPodCidr(podCidr);
    for (const container of this.containers.values()) this.#schedule(container);
  }

  static async open(options: EmbeddedRuntimeOptions): Promise<EmbeddedRuntime> {
    return new EmbeddedRuntime(options, await StateFile.load<SavedState>(options.statePath));
  }

  get podCidr(): string | undefined {
    return this.#addresses?.cidr;
  }

  get nowMs(): number {
    return this.#clock.nowMs();
  }

  setPodCidr(cidr: string): void {
    if (cidr === '' || cidr === this.#addresses?.cidr) return;
    const addresses = new PodAddresses(cidr);
    for (const sandbox of this.sandboxes.values()) {
      if (sandbox.ip !== '' && sandbox.state === sandboxState.ready) addresses.reserve(sandbox.ip);
    }
    this.#addresses = addresses;
    this.#file.changed();
  }

  /** Stops the passing of time and writes the state; running containers go on when it is opened again. */
  async close(): Promise<void> {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#file.changed();
    await this.#file.flush();
    await this.#logging;
  }

  onEvent(watcher: (event: RuntimeEvent) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  sandbox(id: string): SandboxRecord {
    const found = this.sandboxes.get(id) ?? prefixed(this.sandboxes, id);
    if (found === undefined)
      throw new GrpcError(grpcCode.notFound, `an error occurred when try to find sandbox: not found`);
    return found;
  }

  container(id: string): ContainerRecord {
    const found = this.containers.get(id) ?? prefixed(this.containers, id);
    if (found === undefined) {
      throw new GrpcError(grpcCode.notFound, `an error occurred when try to find container "${id}": not found`);
    }
    return found;
  }

  containersOf(sandboxId: string): ContainerRecord[] {
    return [...this.containers.values()].filter((container) => container.sandboxId === sandboxId);
  }

  runSandbox(config: PodSandboxConfig, runtimeHandler: string): string {
    const onHost = config.linux?.securityContext?.namespaceOptions?.network === namespaceMode.node;
    const ip = onHost ? '' : this.#addresses?.take();
    if (ip === undefined) {
      const why = this.#addresses ? `no free address in ${this.#addresses.cidr}` : 'no pod CIDR is known yet';
      throw new GrpcError(grpcCode.unknown, `failed to setup network for sandbox: ${why}`);
    }
    const id = newId();
    const sandbox = { id, config, runtimeHandler, createdAtMs: this.nowMs, ip, state: sandboxState.ready as number };
    this.sandboxes.set(id, sandbox);
    this.#emit(containerEventType.created, id, id);
    this.#emit(containerEventType.started, id, id);
    return id;
  }

  stopSandbox(id: string): void {
    const sandbox = this.sandboxes.get(id);
    if (sandbox === undefined) return;
    for (const container of this.containersOf(id)) this.#exit(container, exitCodeSigkill);
    if (sandbox.state === sandboxState.notReady) return;
    sandbox.state = sandboxState.notReady;
    if (sandbox.ip !== '') this.#addresses?.release(sandbox.ip);
    this.#emit(containerEventType.stopped, id, id);
  }

  removeSandbox(id: string): void {
    if (!this.sandboxes.has(id)) return;
    this.stopSandbox(id);
    for (const container of this.containersOf(id)) this.removeContainer(container.id);
    this.sandboxes.delete(id);
    this.#emit(containerEventType.deleted, id, id);
  }

  createContainer(sandboxId: string, config: ContainerConfig): string {
    const sandbox = this.sandbox(sandboxId);
    if (sandbox.state !== sandboxState.ready) {
      throw new GrpcError(grpcCode.unknown, `sandbox container "${sandboxId}" is not running`);
    }
    if (this.containers.size >= containersMax) {
      throw new GrpcError(grpcCode.resourceExhausted, `the embedded runtime holds ${containersMax} containers at most`);
    }
    const image = this.images.get(config.image.image);
    if (image === undefined) {
      throw new GrpcError(grpcCode.notFound, `failed to resolve image "${config.image.image}": not found`);
    }
    const id = newId();
    // No process needs its environment and limits, and the state file is to be small.
    const { envs: _envs, linux: _linux, ...kept } = config;
    this.containers.set(id, {
      id,
      sandboxId: sandbox.id,
      config: kept,
      imageRef: image.repoDigests[0] ?? image.id,
      imageId: image.id,
      createdAtMs: this.nowMs,
      state: containerState.created,
      startedAtMs: 0,
      finishedAtMs: 0,
      exitCode: 0,
      linesLogged: 0,
    });
    this.#emit(containerEventType.created, sandbox.id, id);
    return id;
  }

  startContainer(id: string): void {
    const container = this.container(id);
    if (container.state !== containerState.created) {
      throw new GrpcError(grpcCode.unknown, `container "${id}" is not in created state`);
    }
    const process = this.#process(container);
    if (process.startFails) {
      throw new GrpcError(
        grpcCode.unknown,
        'failed to create containerd task: simulated failure to start (start=fail)',
      );
    }
    container.state = containerState.running;
    container.startedAtMs = this.nowMs;
    if (process.exit) container.ending = { atMs: this.nowMs + process.exit.afterMs, code: process.exit.code };
    this.#emit(containerEventType.started, container.sandboxId, container.id);
    this.#schedule(container);
  }

  /** Resolves when the container has exited. */
  async stopContainer(id: string, timeoutMs: number): Promise<void> {
    const container = this.containers.get(id);
    if (container?.state !== containerState.running) return;
    const { termCode, termAfterMs } = this.#process(container);
    const obeys = termCode !== undefined && timeoutMs > 0 && termAfterMs <= timeoutMs;
    const atMs = this.nowMs + (obeys ? termAfterMs : timeoutMs);
    if (container.ending === undefined || atMs < container.ending.atMs) {
      container.ending = { atMs, code: obeys ? termCode : exitCodeSigkill };
    }
    this.#schedule(container);
    if ((container.state as number) === containerState.exited) return;
    await new Promise<void>((resolve) => {
      this.#exitWaiters.set(id, [...(this.#exitWaiters.get(id) ?? []), resolve]);
    });
  }

  removeContainer(id: string): void {
    const container = this.containers.get(id);
    if (container === undefined) return;
    this.#exit(container, exitCodeSigkill);
    this.containers.delete(id);
    this.#emit(containerEventType.deleted, container.sandboxId, id);
  }

  pullImage(reference: string, annotations: Record<string, string>): string {
    if (reference === '') throw new GrpcError(grpcCode.invalidArgument, 'image reference is empty');
    if (simulationOf(annotations, '')['pull'] === 'fail') {
      throw new GrpcError(
        grpcCode.notFound,
        `failed to pull and unpack image "${reference}": simulated failure (pull=fail)`,
      );
    }
    const image = this.images.add(reference);
    this.#file.changed();
    return image.repoDigests[0] ?? image.id;
  }

  removeImage(reference: string): void {
    this.images.remove(reference);
    this.#file.changed();
  }

  #process(container: ContainerRecord): SimulatedProcess {
    const { config } = container;
    const annotations = { ...this.sandboxes.get(container.sandboxId)?.config.annotations, ...config.annotations };
    const argv = [...(config.command ?? []), ...(config.args ?? [])];
    const process = simulatedProcess(argv, simulationOf(annotations, config.metadata.name));
    if (process.lines.length > 0) return process;
    const what =
      argv.length > 0 ? argv.join(' ') : `the entry point of ${config.image.userSpecifiedImage || config.image.image}`;
    return { ...process, lines: [{ atMs: 0, text: `${simulationNotice}: ${what}` }] };
  }

  /** Does what is due for a running container, and sets a timer for what comes next. */
  #schedule(container: ContainerRecord): void {
    this.#timers.get(container.id)?.();
    this.#timers.delete(container.id);
    if (container.state !== containerState.running) return;
    const { lines } = this.#process(container);
    const untilMs = Math.min(this.nowMs, container.ending?.atMs ?? Infinity) - container.startedAtMs;
    const due = lines.slice(container.linesLogged).filter((line) => line.atMs <= untilMs);
    if (due.length > 0) {
      container.linesLogged += due.length;
      this.#print(container, due);
    }
    if (container.ending && container.ending.atMs <= this.nowMs) {
      this.#exit(container, container.ending.code);
      return;
    }
    const nextLine = lines[container.linesLogged];
    const nextAtMs = Math.min(
      container.ending?.atMs ?? Infinity,
      nextLine ? container.startedAtMs + nextLine.atMs : Infinity,
    );
    if (nextAtMs === Infinity) return;
    const delayMs = Math.min(Math.max(0, nextAtMs - this.nowMs), delayMsMax);
    this.#timers.set(
      container.id,
      this.#clock.after(delayMs, () => this.#schedule(container)),
    );
  }

  #exit(container: ContainerRecord, code: number): void {
    if (container.state !== containerState.running) return;
    this.#timers.get(container.id)?.();
    this.#timers.delete(container.id);
    container.state = containerState.exited;
    container.finishedAtMs = this.nowMs;
    container.exitCode = code;
    delete container.ending;
    this.#emit(containerEventType.stopped, container.sandboxId, container.id);
    for (const resolve of this.#exitWaiters.get(container.id) ?? []) resolve();
    this.#exitWaiters.delete(container.id);
  }

  #print(container: ContainerRecord, lines: readonly { atMs: number; text: string }[]): void {
    const folder = this.sandboxes.get(container.sandboxId)?.config.logDirectory;
    if (!folder || !container.config.logPath) return;
    const text = lines
      .map((line) => criLogLine(rfc3339(container.startedAtMs + line.atMs), 'stdout', line.text))
      .join('');
    const path = join(folder, container.config.logPath);
    this.#logging = this.#logging.then(() =>
      appendLog(path, text).catch((error: unknown) =>
        this.#log.warn({ err: error, path }, 'cannot write a container log'),
      ),
    );
  }

  #emit(type: number, sandboxId: string, containerId: string): void {
    this.#file.changed();
    const event = { type, sandboxId, containerId, atMs: this.nowMs };
    for (const watcher of this.#watchers) watcher(event);
  }

  #saved(): SavedState {
    return {
      podCidr: this.podCidr,
      sandboxes: [...this.sandboxes.values()],
      containers: [...this.containers.values()],
      images: this.images.names(),
    };
  }
}

const newId = (): string => randomBytes(32).toString('hex');

/** Runtimes take a unique beginning of an id, as people type it. */
function prefixed<T extends { id: string }>(records: ReadonlyMap<string, T>, prefix: string): T | undefined {
  if (prefix === '') return undefined;
  const matches = [...records.values()].filter((record) => record.id.startsWith(prefix));
  return matches.length === 1 ? matches[0] : undefined;
}
