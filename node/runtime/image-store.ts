import { createHash } from 'node:crypto';
import type { Image } from '../cri/types.ts';

/** What the embedded runtime says an image's size is: it holds none. */
const imageSizeBytes = 1_000_000;

/** `nginx` → `docker.io/library/nginx:latest`; a digest stays. The form in which containerd names images. */
export function normalizedReference(reference: string): string {
  const [named = '', digest] = reference.split('@');
  const slash = named.indexOf('/');
  const host = slash < 0 ? '' : named.slice(0, slash);
  const hasHost = /[.:]/.test(host) || host === 'localhost';
  const path = hasHost ? named : `docker.io/${slash < 0 ? 'library/' : ''}${named}`;
  if (digest !== undefined) return `${path.replace(/:[^/:]*$/, (tag) => (hasTag(path) ? '' : tag))}@${digest}`;
  return hasTag(path) ? path : `${path}:latest`;
}

const hasTag = (path: string): boolean => path.lastIndexOf(':') > path.lastIndexOf('/');
const withoutTag = (path: string): string => (hasTag(path) ? path.slice(0, path.lastIndexOf(':')) : path);
const sha256 = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** Images that were "pulled": names with made-up, stable digests. */
export class ImageStore {
  readonly #images = new Map<string, Image>();

  /** finds by name, by digest or by id */
  get(reference: string): Image | undefined {
    if (reference.startsWith('sha256:')) return [...this.#images.values()].find((image) => image.id === reference);
    return this.#images.get(normalizedReference(reference));
  }

  add(reference: string): Image {
    const name = normalizedReference(reference);
    const [path = '', digest] = name.split('@');
    const image = {
      id: sha256(`config of ${name}`),
      repoTags: digest === undefined ? [path] : [],
      repoDigests: [`${withoutTag(path)}@${digest ?? sha256(name)}`],
      size: imageSizeBytes,
      pinned: false,
    };
    this.#images.set(name, image);
    return image;
  }

  remove(reference: string): void {
    const image = this.get(reference);
    for (const [name, { id }] of this.#images) if (id === image?.id) this.#images.delete(name);
  }

  list(): Image[] {
    return [...this.#images.values()];
  }

  names(): string[] {
    return [...this.#images.keys()];
  }
}
