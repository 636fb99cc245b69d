/** A list somebody looks at, made anew at each change: what `useSyncExternalStore` asks for. */
export class Watched<T> {
  #items: readonly T[] = [];
  #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly items = (): readonly T[] => this.#items;

  protected set(items: readonly T[]): void {
    this.#items = items;
    this.#listeners.forEach((listener) => listener());
  }
}
