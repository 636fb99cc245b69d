import { lazy, useState, type ComponentType, type LazyExoticComponent, type ReactNode } from "react";

/** Parts that could not be fetched: each can be asked for once more. */
const failed = new Set<() => void>();

/** The next time a failed part is drawn it is fetched anew; React alone would keep the failure for ever. */
export function renewFailed(): void {
  for (const renew of failed) renew();
  failed.clear();
}

/** A part of the application that is fetched when it is first drawn. */
export function later<P extends object>(load: () => Promise<{ default: ComponentType<P> }>): (props: P) => ReactNode {
  const make = (): LazyExoticComponent<ComponentType<P>> =>
    lazy(() =>
      load().catch((error: unknown) => {
        failed.add(() => {
          part = make();
        });
        throw error;
      }),
    );
  let part = make();
  return function Part(props: P): ReactNode {
    const [Now] = useState(() => part);
    return <Now {...props} />;
  };
}
