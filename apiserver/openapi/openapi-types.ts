/** As much of OpenAPI's document shape as we write. */
export interface Schema {
  description?: string;
  type?: string;
  format?: string;
  default?: unknown;
  enum?: readonly string[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  required?: string[];
  $ref?: string;
  allOf?: Schema[];
  oneOf?: Schema[];
  [extension: `x-kubernetes-${string}`]: unknown;
}

export interface Parameter {
  name: string;
  in: 'query' | 'path' | 'body';
  description?: string;
  required?: boolean;
  schema?: Schema;
  /** OpenAPI v2 only */
  type?: string;
  uniqueItems?: boolean;
}

export interface Operation {
  description: string;
  tags: string[];
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }>; required?: boolean };
  responses: Record<string, { description: string; content?: Record<string, { schema: Schema }>; schema?: Schema }>;
  /** OpenAPI v2 only */
  consumes?: string[];
  produces?: string[];
  [extension: `x-kubernetes-${string}`]: unknown;
}

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch';
export type PathItem = Partial<Record<Method, Operation>> & { parameters?: Parameter[] };

export interface DocumentV3 {
  openapi: '3.0.0';
  info: { title: string; version: string };
  paths: Record<string, PathItem>;
  components: { schemas: Record<string, Schema>; securitySchemes: object };
}

export interface DocumentV2 {
  swagger: '2.0';
  info: { title: string; version: string };
  paths: Record<string, PathItem>;
  definitions: Record<string, Schema>;
  securityDefinitions: Record<string, object>;
  security: Record<string, string[]>[];
}
