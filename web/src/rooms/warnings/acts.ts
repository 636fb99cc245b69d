/** The order of the law: take people out, verify, dispose, feed back, close; send a closing back where one waits. */
export const order = ["withdraw", "verify", "dispose", "feedback", "close", "return"] as const;
export type Verb = (typeof order)[number];
