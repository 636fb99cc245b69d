/** The order of the law: verify, dispose, feed back, close. */
export const order = ["verify", "dispose", "feedback", "close"] as const;
export type Verb = (typeof order)[number];
