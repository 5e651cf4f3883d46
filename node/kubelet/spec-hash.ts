import { createHash } from 'node:crypto';
import type { Container } from '../../api/types/core-v1.ts';

/** Changes when a running container must be replaced: name and image, as Kubernetes since 1.31. */
export const specHash = ({ name, image }: Container): string =>
  createHash('sha256')
    .update(JSON.stringify([name, image]))
    .digest('hex')
    .slice(0, 16);
