import type { FieldError } from '../meta/field-error.ts';

/**
 * What one schema says of one value. `matches` counts the checks that held: where none of several alternatives fits,
 * the errors of the one that held most are shown.
 */
export class Findings {
  readonly errors: FieldError[] = [];
  matches = 0;

  add(error: FieldError): void {
    const isKnown = this.errors.some(
      ({ field, detail, type }) => field === error.field && detail === error.detail && type === error.type,
    );
    if (!isKnown) this.errors.push(error);
  }

  merge(other: Findings): void {
    for (const error of other.errors) this.add(error);
    this.matches += other.matches;
  }

  get isValid(): boolean {
    return this.errors.length === 0;
  }
}
