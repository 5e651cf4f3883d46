import type { Method } from '../../grpc/server.ts';
import { notSupported } from './errors.ts';
import { streaming, unary } from './service.ts';
import type { MemberContext } from './service.ts';

const serving = 1;
const notServing = 2;

export const healthMethods = (context: MemberContext): Method[] => [
  unary(context, '/grpc.health.v1.Health/Check', () => ({
    status: context.node.status().leader === '' ? notServing : serving,
  })),
  streaming('/grpc.health.v1.Health/Watch', () => Promise.reject(notSupported('watching the health'))),
];
