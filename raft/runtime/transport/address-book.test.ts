import t from 'tap';
import { AddressBook } from './address-book.ts';

const at = (id: string, ...urls: string[]) => ({ id, urls });
const shown = (book: AddressBook): string[] =>
  [...book.peers.values()].map(({ id, urls }) => `${id}=${urls.join('+')}`);

void t.test('AddressBook has who is listed and who has called, and not this member', (t) => {
  const book = new AddressBook('a');
  book.list([at('a', 'http://a'), at('b', 'http://b')]);
  t.same(shown(book), ['b=http://b']);
  t.equal(book.called('c', ['http://c']), true, 'one that is not listed yet');
  t.equal(book.called('c', ['http://c']), false, 'nothing new');
  t.equal(book.called('b', ['http://b']), false, 'nothing new of one that is listed');
  t.equal(book.called('b', []), false, 'an older member says nothing');
  t.equal(book.called('a', ['http://x']), false, 'this member knows better');
  t.same(shown(book), ['b=http://b', 'c=http://c']);
  t.equal(book.called('b', ['http://b2']), true, 'it has moved: both are tried');
  t.same(shown(book), ['b=http://b+http://b2', 'c=http://c']);
  book.list([at('b', 'http://b2'), at('c', 'http://c')]);
  t.same(shown(book), ['b=http://b2', 'c=http://c'], 'the list has caught up');
  t.end();
});

void t.test('AddressBook forgets callers that were removed, and keeps a bounded number of strangers', (t) => {
  const removed = new Set<string>();
  const book = new AddressBook('a', (id) => removed.has(id));
  for (let i = 0; i < 100; i++) book.called(`s${i}`, [`http://s${i}`]);
  t.equal(book.peers.size, 32);
  removed.add('s3');
  t.equal(book.peers.size, 31);
  t.equal(book.peers.has('s3'), false);
  t.end();
});
