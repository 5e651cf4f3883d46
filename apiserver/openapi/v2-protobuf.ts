/** An OpenAPI v2 document in protobuf: maps become lists of named values, anything else becomes YAML text. */
import { loadProto, type ProtoCodec } from '../../proto/load.ts';
import { openapiV2Proto } from '../../proto/openapi-v2.ts';
import type { DocumentV2, Operation, Parameter, PathItem, Schema } from './openapi-types.ts';

export const openapiV2ProtobufType = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
/** How the answer names that type: an @ is not allowed in a media type, and Go's parser refuses it. */
export const openapiV2AnsweredType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

type Message = Record<string, unknown>;

const methods = ['get', 'put', 'post', 'delete', 'patch'] as const;

const any = (value: unknown): Message => ({ yaml: `${JSON.stringify(value)}\n` });

const named = <T>(map: Readonly<Record<string, T>>, convert: (value: T) => Message): Message[] =>
  Object.entries(map).map(([name, value]) => ({ name, value: convert(value) }));

const extensionsOf = (object: object): Message[] =>
  Object.entries(object)
    .filter(([key]) => key.startsWith('x-'))
    .map(([name, value]) => ({ name, value: any(value) }));

function schema(from: Schema): Message {
  return {
    ref: from.$ref,
    format: from.format,
    description: from.description,
    required: from.required,
    enum: from.enum?.map(any),
    additionalProperties:
      from.additionalProperties === undefined ? undefined : { schema: schema(from.additionalProperties) },
    type: from.type === undefined ? undefined : { value: [from.type] },
    items: from.items === undefined ? undefined : { schema: [schema(from.items)] },
    properties: from.properties === undefined ? undefined : { additionalProperties: named(from.properties, schema) },
    vendorExtension: extensionsOf(from),
  };
}

function parameter({ schema: body, ...plain }: Parameter): Message {
  if (plain.in === 'body') return { parameter: { body: { ...plain, schema: schema(body ?? {}) } } };
  return { parameter: { nonBody: { [plain.in]: plain } } };
}

function operation(from: Operation): Message {
  return {
    tags: from.tags,
    description: from.description,
    operationId: from.operationId,
    produces: from.produces,
    consumes: from.consumes,
    parameters: from.parameters?.map(parameter),
    responses: {
      responseCode: named(from.responses, (response) => ({
        response: {
          description: response.description,
          schema: response.schema === undefined ? undefined : { schema: schema(response.schema) },
        },
      })),
    },
    vendorExtension: extensionsOf(from),
  };
}

function pathItem(from: PathItem): Message {
  const item: Message = { parameters: from.parameters?.map(parameter) };
  for (const method of methods) {
    const found = from[method];
    if (found !== undefined) item[method] = operation(found);
  }
  return item;
}

let codec: ProtoCodec<Message> | undefined;

export function encodeDocumentV2(document: DocumentV2): Uint8Array {
  codec ??= loadProto(openapiV2Proto).codec<Message>('openapi.v2.Document');
  return codec.encode({
    swagger: document.swagger,
    info: document.info,
    paths: { path: named(document.paths, pathItem) },
    definitions: { additionalProperties: named(document.definitions, schema) },
    security: document.security.map((requirement) => ({
      additionalProperties: named(requirement, (value) => ({ value })),
    })),
    securityDefinitions: { additionalProperties: named(document.securityDefinitions, (apiKey) => ({ apiKey })) },
  });
}
