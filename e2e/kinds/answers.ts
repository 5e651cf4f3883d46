/** What a real kube-apiserver has answered, one line of JSON a case. `npm run one e2e/kinds/record.ts` writes it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { KindAnswer } from './kind-case.ts';

const fileOf = (group: string): string => fileURLToPath(new URL(`./answers/${group}.jsonl`, import.meta.url));

export function readAnswers(group: string): Map<string, KindAnswer> {
  const file = fileOf(group);
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return new Map(lines.map((line) => JSON.parse(line) as KindAnswer).map((answer) => [answer.title, answer]));
}

export function writeAnswers(group: string, answers: readonly KindAnswer[]): void {
  mkdirSync(fileURLToPath(new URL('./answers/', import.meta.url)), { recursive: true });
  writeFileSync(fileOf(group), answers.map((answer) => `${JSON.stringify(answer)}\n`).join(''));
}
