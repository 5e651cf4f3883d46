import { WebSocket } from 'undici';
import type { MessageEvent } from 'undici';
import { sleep } from '../base/clock.ts';

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  /** from 0 */
  readonly lineNumber: number;
}

/** What V8 wrote down: https://chromedevtools.github.io/devtools-protocol/v8/Profiler/#type-Profile */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  /** microseconds since the sample before */
  readonly timeDeltas: readonly number[];
}

const inspector = 'http://127.0.0.1:9229/json';
const openTimeoutMs = 10_000;
const samplingUs = 200;

async function socketOf(pid: number): Promise<WebSocket> {
  process.kill(pid, 'SIGUSR1'); // Node.js opens its inspector then, on a port that is always the same
  for (let waited = 0; waited < openTimeoutMs; waited += 100) {
    try {
      const [target] = (await (await fetch(inspector)).json()) as { webSocketDebuggerUrl: string }[];
      const socket = new WebSocket(target!.webSocketDebuggerUrl);
      await new Promise((resolve, reject) => {
        socket.addEventListener('open', resolve);
        socket.addEventListener('error', () => reject(new Error('the inspector does not answer')));
      });
      return socket;
    } catch {
      await sleep(100);
    }
  }
  throw new Error(`process ${pid} opened no inspector within ${openTimeoutMs} ms`);
}

/** Where a Node.js process on this machine spends its time while `work` is under way. One at a time: the port is one. */
export async function profileOf(pid: number, work: () => Promise<unknown>): Promise<CpuProfile> {
  const socket = await socketOf(pid);
  let calls = 0;
  const call = <T>(method: string, params: object = {}): Promise<T> =>
    new Promise((resolve) => {
      const id = ++calls;
      const heard = ({ data }: MessageEvent): void => {
        const answer = JSON.parse(String(data)) as { id: number; result: T };
        if (answer.id !== id) return;
        socket.removeEventListener('message', heard);
        resolve(answer.result);
      };
      socket.addEventListener('message', heard);
      socket.send(JSON.stringify({ id, method, params }));
    });
  try {
    await call('Profiler.enable');
    await call('Profiler.setSamplingInterval', { interval: samplingUs });
    await call('Profiler.start');
    await work();
    return (await call<{ profile: CpuProfile }>('Profiler.stop')).profile;
  } finally {
    socket.close();
  }
}
