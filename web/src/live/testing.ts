/** For tests: an EventSource in memory, as the browser's is not there and the server's words are what is tested. */
export class Source extends EventTarget {
  static CLOSED = 2;
  static opened: Source[] = [];
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  constructor(readonly url: string) {
    super();
    Source.opened.push(this);
  }
  close(): void {
    this.readyState = 2;
  }
  say(event: string, data: string): void {
    this.dispatchEvent(new MessageEvent(event, { data }));
  }
}
