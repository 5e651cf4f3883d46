import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { silentLog } from '../../base/log.ts';
import { version } from '../../base/version.ts';
import { checkDataVersion, dataVersionFile, stampDataVersion, storeFormatVersion } from './data-version.ts';
import { readSurvivor, startEtcdMember } from './member.ts';
import { reserveOptions } from './test-cluster.ts';

void t.test(
  'a data directory says what version wrote it; a newer one is refused, an older one taken over',
  async (t) => {
    const { options, remove } = await reserveOptions(1);
    t.teardown(remove);
    const [one] = options;
    const { dataDir } = one!;
    const file = dataVersionFile(dataDir);
    await (await startEtcdMember(one!)).stop();
    const now = { kuorum: version, format: { log: 1, store: storeFormatVersion } };
    t.same(JSON.parse(readFileSync(file, 'utf8')), now);

    for (const format of [
      { log: 1, store: 99 },
      { log: 99, store: 1 },
    ]) {
      writeFileSync(file, JSON.stringify({ kuorum: '9.9.9', format }));
      const { log, store } = format;
      const message = new RegExp(
        `^${dataDir} was written by kuorum 9.9.9, in format ${log} of the log and ${store} of the store; ` +
          `this is kuorum ${version}, which knows up to .* Run kuorum 9.9.9 or a newer one`,
      );
      await t.rejects(startEtcdMember(one!), { name: 'DataVersionError', message });
      await t.rejects(startEtcdMember({ ...one!, forceNewCluster: true }), { message });
      await t.rejects(readSurvivor(dataDir, silentLog), { message });
      t.match(JSON.parse(readFileSync(file, 'utf8')), { kuorum: '9.9.9' }, 'it stays as it was');
    }

    for (const older of [JSON.stringify({ kuorum: '0.0.9', format: { log: 1, store: 1 } }), undefined]) {
      if (older === undefined) rmSync(file);
      else writeFileSync(file, older);
      await (await startEtcdMember(one!)).stop();
      t.same(JSON.parse(readFileSync(file, 'utf8')), now);
    }

    writeFileSync(file, '{"kuorum": 1');
    await t.rejects(startEtcdMember(one!), { message: new RegExp(`^${file} does not say what version wrote`) });
  },
);

void t.test('checkDataVersion: none where nothing is, the first where there is no record of it', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'kuorum-version-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  t.equal(checkDataVersion(join(directory, 'absent')), undefined);
  t.equal(checkDataVersion(directory), undefined);
  mkdirSync(join(directory, 'store'));
  t.match(checkDataVersion(directory), { kuorum: '0.1.0', format: { log: 1, store: 1 } });
  await stampDataVersion(directory);
  t.match(checkDataVersion(directory), { kuorum: version });
});
