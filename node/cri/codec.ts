import protobuf from 'protobufjs';
import type { Method as ReflectedMethod, Service, Type } from 'protobufjs';
import type { MessageCodec } from '../../grpc/server.ts';
import { criProto } from '../../proto/cri.ts';

const root = protobuf.parse(criProto, { keepCase: false }).root.resolveAll();
const services = ['RuntimeService', 'ImageService'].map((name) => root.lookupService(`runtime.v1.${name}`));

/** Nanosecond times lose their last few hundred nanoseconds as numbers; nothing here compares them that finely. */
const conversion = { longs: Number, enums: Number, defaults: true, arrays: true, objects: true } as const;

function codecOf<T>(type: Type): MessageCodec<T> {
  return {
    decode: (bytes) => type.toObject(type.decode(bytes), conversion) as T,
    encode: (message) => type.encode(type.fromObject(message as Record<string, unknown>)).finish(),
  };
}

export interface CriMethod {
  readonly name: string;
  readonly service: string;
  /** `/runtime.v1.RuntimeService/Version` */
  readonly path: string;
  readonly serverStreams: boolean;
  readonly request: MessageCodec<unknown>;
  readonly response: MessageCodec<unknown>;
}

function describe(service: Service, method: ReflectedMethod): CriMethod {
  return {
    name: method.name,
    service: service.name,
    path: `/runtime.v1.${service.name}/${method.name}`,
    serverStreams: method.responseStream === true,
    request: codecOf(service.lookupType(method.requestType)),
    response: codecOf(service.lookupType(method.responseType)),
  };
}

/** Every method of both services, by name. */
export const criMethods: ReadonlyMap<string, CriMethod> = new Map(
  services.flatMap((service) =>
    service.methodsArray.map((method) => [method.name, describe(service, method)] as const),
  ),
);
