import type { KindAnswer, KindCase, KindGroup } from './kind-case.ts';
import { normalize } from './normalize.ts';

export interface Request {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly headers?: Record<string, string>;
}

export interface Response {
  readonly status: number;
  readonly json: object;
  readonly text: string;
  readonly warnings: readonly string[];
}

export type Send = (method: string, path: string, request?: Request) => Promise<Response>;

const triesMax = 40;
const pauseMs = 50;

async function prepare(send: Send, namespace: string): Promise<void> {
  await send('POST', '/api/v1/namespaces', { body: { metadata: { name: namespace } } });
  const account = { metadata: { name: 'default' } };
  for (let i = 0; i < triesMax; i++) {
    const { status } = await send('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { body: account });
    if (status === 201 || status === 409) return;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  throw new Error(`no service account in ${namespace}`);
}

/** Admission of the real server looks at caches that lag behind: it is asked again where it has not seen the account. */
async function sendSettled(
  send: Send,
  { method, contentType, accept }: KindCase,
  path: string,
  body: unknown,
  waitsForDefinitions = false,
): Promise<Response> {
  for (let i = 0; ; i++) {
    const answer = await send(method, path, {
      ...(body !== undefined && { body }),
      ...(contentType && { contentType }),
      ...(accept && { headers: { accept } }),
    });
    const early =
      (answer.status === 403 && /error looking up service account/.test(answer.text)) ||
      (waitsForDefinitions && method !== 'GET' && answer.text.startsWith('404 page not found'));
    if (!early || i === triesMax) return answer;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Sends a group's requests in order; what comes back, made comparable. */
export async function play(send: Send, group: KindGroup): Promise<KindAnswer[]> {
  const namespace = `k-${group.name}`;
  await prepare(send, namespace);
  const bodies = new Map<string, object>();
  const seen = (title: string): Record<string, unknown> => (bodies.get(title) ?? {}) as Record<string, unknown>;
  const answers: KindAnswer[] = [];
  for (const one of group.cases) {
    const body = one.bodyOf === undefined ? one.body : one.bodyOf(seen);
    const answer = await sendSettled(
      send,
      one,
      one.path.replaceAll('{ns}', namespace),
      body,
      group.waitsForDefinitions,
    );
    bodies.set(one.title, answer.json);
    answers.push({
      title: one.title,
      status: answer.status,
      ...(answer.warnings.length > 0 && { warnings: answer.warnings }),
      body: normalize(Object.keys(answer.json).length > 0 ? answer.json : answer.text, group.managedFields),
    });
  }
  return answers;
}

/** `299 - "text"` headers, joined by commas, as texts. */
export const warningsOf = (header: string | null): string[] =>
  [...(header ?? '').matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map((match) => (match[1] ?? '').replaceAll('\\"', '"'));
