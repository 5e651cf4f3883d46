/** Something in a data directory that is not as it should be. */
export interface Fault {
  /** or the directory */
  readonly file: string;
  readonly offset?: number;
  readonly what: string;
}

export const faultText = ({ file, offset, what }: Fault): string =>
  `${file}${offset === undefined ? '' : ` at byte ${offset}`}: ${what}`;

/** so many are told of each kind of place; one damaged block may show in thousands of records */
export const faultsToldMax = 20;

/** Keeps the first ones, and counts the rest. */
export class Faults {
  readonly #told: Fault[] = [];
  #more = 0;

  add(fault: Fault): void {
    if (this.#told.length < faultsToldMax) this.#told.push(fault);
    else this.#more++;
  }

  list(place: string): Fault[] {
    return this.#more === 0 ? this.#told : [...this.#told, { file: place, what: `and ${this.#more} more like these` }];
  }
}
