import type { MessageCodec } from '../../grpc/server.ts';
import { criProto } from '../../proto/cri.ts';
import { loadProto } from '../../proto/load.ts';

/** Nanosecond times lose their last few hundred nanoseconds as numbers; nothing here compares them that finely. */
const { methods } = loadProto(criProto.replaceAll(/(\bu?int64 \w+ = \d+);/g, '$1 [jstype = JS_NUMBER];'));

export interface CriMethod {
  readonly name: string;
  /** `/runtime.v1.RuntimeService/Version` */
  readonly path: string;
  readonly serverStreams: boolean;
  readonly request: MessageCodec<unknown>;
  readonly response: MessageCodec<unknown>;
}

/** Every method of both services, by name. */
export const criMethods: ReadonlyMap<string, CriMethod> = new Map(
  [...methods.values()].map(({ path, kind, request, response }) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return [
      name,
      {
        name,
        path,
        serverStreams: kind === 'server-stream',
        request,
        response,
      },
    ];
  }),
);
