import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Secret, ServiceAccount } from '../../../api/types/core-v1.ts';
import { isConflict, isNotFound } from '../../../client/api-errors.ts';
import { secrets, serviceAccounts } from '../../../client/resources.ts';
import { keyOf } from '../../../client/types.ts';
import type { Informer } from '../../../client/types.ts';
import type { WorkQueue } from '../../../client/work-queue.ts';
import { newQueue, splitKey } from '../controller-context.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { accountOf, legacyClaims, planToken, tokenSecretType } from './plan.ts';

const algorithms: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

const algorithmOf = (key: KeyObject): string => algorithms[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? 'RS256';

const keyId = (key: KeyObject): string =>
  createHash('sha256')
    .update(createPublicKey(key).export({ type: 'spki', format: 'der' }))
    .digest('base64url');

const isGone = (error: unknown): boolean => isNotFound(error) || isConflict(error);

/** Fills Secrets that ask for a token of an account, and removes them with it. */
export class ServiceAccountTokenController implements Controller {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #key: KeyObject | undefined;
  readonly #secrets: Informer<Secret> | undefined;
  readonly #accounts: Informer<ServiceAccount> | undefined;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#queue = newQueue(context, 'serviceaccount-token', 5);
    const { serviceAccountKey } = context.settings;
    if (serviceAccountKey === undefined) return;
    this.#key = createPrivateKey(serviceAccountKey);
    this.#secrets = context.informers.informer<Secret>(secrets, { fieldSelector: `type=${tokenSecretType}` });
    this.#accounts = context.informers.informer<ServiceAccount>(serviceAccounts);
    const enqueue = (secret: Secret): void => this.#queue.add(keyOf(secret));
    this.#secrets.addHandlers({
      added: enqueue,
      updated: (_, secret) => enqueue(secret),
      deleted: (secret) => this.#queue.add(`${keyOf(secret)}/${accountOf(secret).name}`),
    });
    const enqueueOf = ({ metadata }: ServiceAccount): void => {
      for (const secret of this.#secrets?.lister.list(metadata?.namespace) ?? []) {
        if (accountOf(secret).name === metadata?.name) enqueue(secret);
      }
    };
    this.#accounts.addHandlers({ added: enqueueOf, deleted: enqueueOf });
  }

  start(): void {
    this.#queue.start((key) => this.#reconcile(key));
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  /** `namespace/secret`, or `namespace/secret/account` of one that is gone */
  async #reconcile(key: string): Promise<void> {
    const { namespace, name: rest } = splitKey(key);
    const [name = '', gone] = rest.split('/');
    const secret = this.#secrets?.lister.get(name, namespace);
    if (secret !== undefined) await this.#settle(secret, namespace);
    else if (gone !== undefined) await this.#forget(namespace, name, gone);
  }

  async #settle(secret: Secret, namespace: string): Promise<void> {
    const account = await this.#account(accountOf(secret).name, namespace);
    const plan = planToken(secret, account, this.#context.settings.rootCa);
    const resource = this.#context.client.resource(secrets);
    try {
      if (plan.action === 'delete') {
        const { name = '', uid } = secret.metadata ?? {};
        await resource.delete(name, namespace, { preconditions: { uid } });
      } else if (plan.action === 'fill' && account !== undefined) {
        const token: Record<string, string> = plan.needsToken
          ? { token: Buffer.from(await this.#token(account, secret)).toString('base64') }
          : {};
        await resource.update({ ...plan.secret, data: { ...plan.secret.data, ...token } });
      }
    } catch (error) {
      // A newer version comes by itself.
      if (!isGone(error)) throw error;
    }
  }

  /** From the server where the cache does not know it: a Secret is not removed for an account that is only new. */
  async #account(name: string, namespace: string): Promise<ServiceAccount | undefined> {
    if (name === '') return undefined;
    const cached = this.#accounts?.lister.get(name, namespace);
    if (cached !== undefined) return cached;
    try {
      return await this.#context.client.resource(serviceAccounts).get(name, namespace);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #token(account: ServiceAccount, secret: Secret): Promise<string> {
    const key = this.#key;
    if (key === undefined) throw new Error('no key to sign tokens with');
    const header = { alg: algorithmOf(key), kid: keyId(key) };
    return new SignJWT(legacyClaims(account, secret)).setProtectedHeader(header).sign(key);
  }

  /** An account no longer names a Secret that is gone. */
  async #forget(namespace: string, secretName: string, accountName: string): Promise<void> {
    const account = accountName === '' ? undefined : this.#accounts?.lister.get(accountName, namespace);
    if (!account?.secrets?.some(({ name }) => name === secretName)) return;
    const left = account.secrets.filter(({ name }) => name !== secretName);
    try {
      await this.#context.client.resource(serviceAccounts).update({ ...account, secrets: left });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
}
