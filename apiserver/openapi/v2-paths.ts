/** OpenAPI v2 says the same of a path in other words: bodies are parameters, media types stand beside them. */
import type { DocumentV3, Operation, Parameter, PathItem } from './openapi-types.ts';

const methods = ['get', 'put', 'post', 'delete', 'patch'] as const;

function parameterV2({ schema, ...parameter }: Parameter): Parameter {
  return { ...parameter, type: schema?.type ?? 'string', uniqueItems: true };
}

function operationV2({ requestBody, parameters, responses, ...rest }: Operation): Operation {
  const bodies = Object.entries(requestBody?.content ?? {});
  const list = (parameters ?? []).map(parameterV2);
  const [first] = bodies;
  if (first !== undefined) {
    list.unshift({ name: 'body', in: 'body', required: requestBody?.required ?? false, schema: first[1].schema });
  }
  const answers = Object.entries(responses).map(([code, { description, content }]) => {
    const schema = Object.values(content ?? {})[0]?.schema;
    return [code, { description, ...(schema === undefined ? {} : { schema }) }] as const;
  });
  return {
    ...rest,
    consumes: first === undefined ? ['*/*'] : bodies.map(([type]) => type),
    produces: Object.keys(responses['200']?.content ?? {}),
    ...(list.length === 0 ? {} : { parameters: list }),
    responses: Object.fromEntries(answers),
  };
}

export function pathsV2(paths: DocumentV3['paths']): Record<string, PathItem> {
  const items = Object.entries(paths).map(([path, item]) => {
    const made: PathItem = { parameters: (item.parameters ?? []).map(parameterV2) };
    for (const method of methods) {
      const operation = item[method];
      if (operation !== undefined) made[method] = operationV2(operation);
    }
    return [path, made] as const;
  });
  return Object.fromEntries(items);
}
