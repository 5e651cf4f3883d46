import type { AdmissionRequest } from '../admission/admission.ts';
import type { ResourceRequest } from './resource-request.ts';

/** What differs from write to write; the rest is the request's. */
type Write = Pick<AdmissionRequest, 'operation' | 'object' | 'old' | 'dryRun' | 'options'> &
  Partial<Pick<AdmissionRequest, 'name' | 'subresource'>>;

/** The write that a request asks for, as admission looks at it. */
export const admissionRequest = ({ ctx, entry }: ResourceRequest, write: Write): AdmissionRequest => ({
  entry,
  subresource: ctx.info.subresource,
  namespace: ctx.info.namespace,
  name: ctx.info.name,
  user: ctx.user,
  warn: (text) => ctx.reply.warn(text),
  annotate: (key, value) => ctx.audit?.annotate(key, value),
  ...write,
});
