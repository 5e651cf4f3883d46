/** Style as a test: what a reader would stumble over and no linter says. Run: npm run tidy */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { knownLongFunctions } from './tidy-exceptions.ts';
import { functionLengths } from './function-lengths.ts';

const functionLinesMax = 70;
const fileLinesMax = 400;

interface Rule {
  readonly pattern: RegExp;
  readonly what: string;
  readonly except: (file: string) => boolean;
}

const isTest = (file: string): boolean => file.endsWith('.test.ts') || file.includes('/testing/');
const outsideProduct = (file: string): boolean => isTest(file) || /^(base|tools|bench|e2e|sim|chaos)\//.test(file);

const rules: readonly Rule[] = [
  { pattern: /\bDate\.now\(|\bnew Date\(\)/, what: 'reads the clock outside base/', except: outsideProduct },
  { pattern: /\bMath\.random\(/, what: 'rolls dice outside base/', except: outsideProduct },
  { pattern: /\b(TODO|FIXME|XXX)\b/, what: 'a mark of unfinished work', except: (file) => file.startsWith('tools/') },
  {
    pattern: /\bas any\b|@ts-ignore|@ts-nocheck/,
    what: 'switches the type checker off',
    except: (file) => file.startsWith('tools/'),
  },
  {
    pattern: /\bt\.only\(|\.only\(/,
    what: 'runs only a part of the tests',
    except: (file) => file.startsWith('tools/'),
  },
];
const grabBag = /(^|\/)(utils?|helpers?|misc|common|stuff)(\.|\/)|\d+\.test\.ts$/;

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.mjs'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(file) && !file.includes('generated') && !file.startsWith('api/types/'));

const problems: string[] = [];
for (const file of files) {
  const text = readFileSync(file, 'utf8');
  const lines = text.split('\n');
  if (grabBag.test(file)) problems.push(`${file}: a name that says nothing about its content`);
  if (lines.length > fileLinesMax && !isTest(file))
    problems.push(`${file}: ${lines.length} lines, more than ${fileLinesMax}`);
  for (const rule of rules) {
    if (rule.except(file)) continue;
    lines.forEach((line, i) => {
      if (rule.pattern.test(line)) problems.push(`${file}:${i + 1}: ${rule.what}`);
    });
  }
  if (isTest(file) || !file.endsWith('.ts')) continue;
  for (const { name, line, length } of functionLengths(text)) {
    if (length > functionLinesMax && !knownLongFunctions.has(`${file}#${name}`)) {
      problems.push(`${file}:${line}: ${name} has ${length} lines, more than ${functionLinesMax}`);
    }
  }
}
for (const problem of problems) console.error(problem);
console.log(`tidy: ${files.length} files, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
