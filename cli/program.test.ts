import t from 'tap';
import { etcdVersion } from '../store/etcd/member.ts';
import { createProgram } from './program.ts';
import { version } from './version.ts';

async function printed(...args: string[]): Promise<string> {
  const lines: string[] = [];
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = (text: string | Uint8Array): boolean => lines.push(String(text)) > 0;
  try {
    await createProgram()
      .exitOverride()
      .parseAsync(args, { from: 'user' })
      .catch((error: { code?: string }) => {
        if (error.code !== 'commander.version') throw error;
      });
  } finally {
    process.stdout.write = write;
  }
  return lines.join('');
}

void t.test('--version is of the command it is asked of', async (t) => {
  t.equal(await printed('--version'), `kuorum ${version}\n`);
  t.match(await printed('etcd', '--version'), `etcd Version: ${etcdVersion}\n`);
});
