import { grpcCode } from '../../grpc/server.ts';
import type { Method } from '../../grpc/server.ts';
import type { ProtoFile, ProtoFiles } from '../../proto/descriptors.ts';
import { etcdProto } from '../../proto/etcd.ts';
import type { ServerReflectionRequest, ServerReflectionResponse } from '../../proto/etcd-services-types.ts';
import type { Loose } from '../../proto/load.ts';
import { streaming } from './service.ts';

type Answer = Loose<ServerReflectionResponse>;

/** made at the first question: most members are never asked */
let files: Promise<ProtoFiles> | undefined;
const protoFiles = (): Promise<ProtoFiles> =>
  (files ??= import('../../proto/descriptors.ts').then(({ describeProtos }) => describeProtos(etcdProto)));

const notFound = (errorMessage: string): Answer => ({ errorResponse: { errorCode: grpcCode.notFound, errorMessage } });

/** One stream: a file goes out once, after those it depends on. */
class Conversation {
  readonly #files: ProtoFiles;
  readonly #served: ReadonlySet<string>;
  readonly #sent = new Set<string>();

  constructor(found: ProtoFiles, served: ReadonlySet<string>) {
    this.#files = found;
    this.#served = served;
  }

  answer(request: ServerReflectionRequest): Answer {
    const { fileByFilename, fileContainingSymbol, fileContainingExtension, allExtensionNumbersOfType } = request;
    if (request.listServices !== undefined) {
      const service = this.#files.services.filter((name) => this.#served.has(name)).map((name) => ({ name }));
      return { listServicesResponse: { service } };
    }
    if (fileByFilename !== undefined) return this.#file(this.#files.byName(fileByFilename), fileByFilename);
    if (fileContainingSymbol !== undefined) {
      return this.#file(this.#files.declaring(fileContainingSymbol), fileContainingSymbol);
    }
    // there are no extensions
    if (allExtensionNumbersOfType !== undefined) {
      return this.#files.declaring(allExtensionNumbersOfType) === undefined
        ? notFound(`unknown type ${allExtensionNumbersOfType}`)
        : { allExtensionNumbersResponse: { baseTypeName: allExtensionNumbersOfType } };
    }
    if (fileContainingExtension !== undefined) return notFound(`${fileContainingExtension.containingType} has none`);
    return { errorResponse: { errorCode: grpcCode.invalidArgument, errorMessage: 'no question' } };
  }

  #file(file: ProtoFile | undefined, asked: string): Answer {
    if (file === undefined) return notFound(`${asked} is not known`);
    const fileDescriptorProto: Uint8Array[] = [];
    this.#collect(file, fileDescriptorProto);
    // asked for again: again
    return {
      fileDescriptorResponse: {
        fileDescriptorProto: fileDescriptorProto.length > 0 ? fileDescriptorProto : [file.bytes],
      },
    };
  }

  #collect(file: ProtoFile, into: Uint8Array[]): void {
    if (this.#sent.has(file.name)) return;
    this.#sent.add(file.name);
    into.push(file.bytes);
    for (const name of file.dependencies) {
      const dependency = this.#files.byName(name);
      if (dependency !== undefined) this.#collect(dependency, into);
    }
  }
}

/** grpc.reflection: what grpcurl and the like ask, in both versions. `methods`: all others that are served. */
export function reflectionMethods(methods: readonly Method[]): Method[] {
  const paths = ['v1', 'v1alpha'].map((v) => `/grpc.reflection.${v}.ServerReflection/ServerReflectionInfo`);
  const served = new Set([...methods.map(({ path }) => path), ...paths].map((path) => path.split('/')[1] ?? ''));
  return paths.map((path) =>
    streaming<ServerReflectionRequest, Answer>(path, async (stream) => {
      const conversation = new Conversation(await protoFiles(), served);
      for await (const request of stream.requests) {
        stream.send({ validHost: request.host, originalRequest: request, ...conversation.answer(request) });
        await stream.drained();
      }
    }),
  );
}
