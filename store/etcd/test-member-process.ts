/** For tests: a member in a process of its own, so that it can be killed. The options come as JSON. */
import { createLog } from '../../base/log.ts';
import type { EtcdMemberOptions } from './member.ts';
import { startEtcdMember } from './member.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as EtcdMemberOptions;
const member = await startEtcdMember({ ...options, log: createLog(options.name, 'warn') });
process.once('SIGTERM', () => void member.stop().then(() => process.exit(0)));
process.send?.('ready');
const error = await member.failed;
throw error;
