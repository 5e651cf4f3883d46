/** Resolved by the first failure of any part. */
export class Failure {
  readonly promise: Promise<Error>;
  #resolve: (error: Error) => void = () => {};
  constructor() {
    this.promise = new Promise((resolve) => (this.#resolve = resolve));
  }
  tell(error: Error): void {
    this.#resolve(error);
  }
}
