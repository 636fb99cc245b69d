/** Only paths of this face are followed after the login: `//host`, a backslash, or a tab browsers pass over, would leave it. */
export function safeNext(next: string | null): string {
  return next !== null && /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(next) ? next : "/";
}
