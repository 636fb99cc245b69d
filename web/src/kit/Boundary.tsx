import { Button } from "antd";
import { t } from "i18next";
import { Component, type ReactNode } from "react";
import { renewFailed } from "./later";
import "./states.css";

interface Props {
  /** Where this is: going elsewhere, or coming back, begins anew. */
  at: string;
  /** Tries again by itself: a wall has nobody who presses. */
  heals?: boolean;
  /** In place of the words: what does without the part, or says less. */
  fallback?: (again: () => void) => ReactNode;
  children: ReactNode;
}

interface State {
  error: unknown;
}

const HEALS_MS = 20_000;

/** Whether it is a part that could not be fetched, by what the three engines and the bundler say. Pure. */
export function isUnfetched(error: unknown): boolean {
  return error instanceof Error && /dynamically imported module|importing a module script|preload CSS|module script failed|error loading/i.test(error.message);
}

/** What crashes within stays within: the bar, the warnings in it and the ways to other pages go on. */
export class Boundary extends Component<Props, State> {
  override state: State = { error: null };
  private timer: ReturnType<typeof setTimeout> | undefined;

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override componentDidCatch(): void {
    if (this.props.heals) this.timer = setTimeout(this.again, HEALS_MS);
  }

  override componentDidUpdate(before: Props): void {
    if (before.at !== this.props.at && this.state.error !== null) this.again();
  }

  override componentWillUnmount(): void {
    clearTimeout(this.timer);
  }

  private readonly again = (): void => {
    clearTimeout(this.timer);
    renewFailed();
    this.setState({ error: null });
  };

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    if (this.props.fallback) return this.props.fallback(this.again);
    const lost = isUnfetched(error);
    return (
      <div className="page">
        <div className="panel state" role="alert">
          <b>{lost ? t("boundary.lost") : t("boundary.crash")}</b>
          <p>{lost ? t("boundary.lost.words") : t("boundary.crash.words")}</p>
          {!lost && error instanceof Error && <code>{error.message}</code>}
          <span className="state-acts">
            <Button onClick={this.again}>{t("act.again")}</Button>
            <Button onClick={() => window.location.reload()}>{t("act.reload")}</Button>
          </span>
        </div>
      </div>
    );
  }
}
