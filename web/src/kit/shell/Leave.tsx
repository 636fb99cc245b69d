import { useQueryClient } from "@tanstack/react-query";
import { Button, Modal } from "antd";
import { t } from "i18next";
import { useCallback, useEffect, useState, type ReactNode } from "react";
import { useNavigate } from "react-router";
import { api, got } from "../../api/client";
import { countOf, dropAll, here } from "../../kept";
import { acts, useUnsentActs, type Act } from "../../outbox/acts";
import { outbox, useTaking, useUnsent } from "../../outbox/here";
import type { Photograph } from "../../outbox/photograph";
import { forgetAnswers } from "../../phone/answers";
import { forgetNotices } from "../../phone/notify";
import { useProblemWords } from "../States";

interface Lying {
  acts: Act[] | null;
  photographs: Photograph[] | null;
}

/** What of this user's lies on this machine's disk: other windows know of it, or nobody who sends. Null until asked; in it, what the disk does not say. */
function useLying(user: number, changed: unknown[]): Lying | null {
  const [lying, setLying] = useState<Lying | null>(null);
  useEffect(() => {
    let wanted = true;
    void Promise.all([acts.lying(user), outbox.lying(user)]).then(([held, photographs]) => wanted && setLying({ acts: held, photographs }));
    return () => {
      wanted = false;
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [user, ...changed]);
  return lying;
}

/** Each once, by its key. */
function together<T extends { key: string }>(...lists: readonly (readonly T[])[]): T[] {
  return [...new Map(lists.flat().map((one) => [one.key, one])).values()];
}

/**
 * Signing out clears this machine of what its user left on it: at once where nothing is lost by it, else after a warning.
 *
 * While the county is not reached nobody is signed out, and nothing is cleared.
 */
export function Leave({ user, stay }: { user: number; stay: () => void }): ReactNode {
  const client = useQueryClient();
  const navigate = useNavigate();
  const unsent = useUnsent();
  const taking = useTaking();
  const mine = useUnsentActs();
  const lying = useLying(user, [unsent, mine]);
  const held = together(mine.map((one) => one.act), lying?.acts ?? []);
  const shots = together(unsent.map((one) => one.photograph), lying?.photographs ?? []);
  const photographs = shots.length + taking.length;
  const unknown = lying !== null && (lying.acts === null || lying.photographs === null);
  const [drafts] = useState(() => countOf(here(), user));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const why = useProblemWords(error);
  // Judged once, when the disk has said what lies there: photographs that get through meanwhile are no reason to sign
  // somebody out who was just warned.
  const [clean, setClean] = useState<boolean | null>(null);
  if (clean === null && lying !== null) setClean(photographs === 0 && drafts === 0 && held.length === 0 && !unknown);
  const leave = useCallback(async (): Promise<void> => {
    setBusy(true);
    let provider = "";
    try {
      // Who came in by single sign-on goes out there too: else the next at this desk enters by pressing one button.
      provider = (await got(api.POST("/api/v1/session/oidc/end"))).address;
    } catch (problem) {
      setError(problem);
      setBusy(false);
      return;
    }
    await outbox.clear(user);
    await acts.clear(user);
    dropAll(here());
    await forgetAnswers();
    void forgetNotices(); // not waited for: the worker it asks may be gone
    client.clear();
    if (provider !== "") window.location.assign(provider);
    else await navigate("/login");
  }, [client, navigate, user]);
  useEffect(() => {
    if (clean === true) void leave();
  }, [clean, leave]);
  const failed = error !== null && (
    <p className="notsaved" role="alert">
      <b>{t("leave.failed")}</b>
      {why}
    </p>
  );
  if (clean === null || (clean && error === null)) return null;
  const abouts = [...new Set([...shots.map((one) => one.about), ...taking])].join(t("rule.listComma"));
  const rest = photographs > 0 || drafts > 0 || held.length > 0 || unknown;
  const out = (
    <Button key="leave" type={rest ? "default" : "primary"} loading={busy} onClick={() => void leave()}>
      {rest ? t("leave.anyway") : t("act.leave")}
    </Button>
  );
  const send = (
    <Button key="send" type="primary" onClick={() => void Promise.all([acts.load().then(() => acts.again()), outbox.load().then(() => outbox.again())])} loading={taking.length > 0 || unsent.some((one) => one.phase === "sending")}>
      {t("leave.send")}
    </Button>
  );
  const back = (
    <Button key="stay" type={rest ? "primary" : "default"} onClick={stay}>
      {t("leave.stay")}
    </Button>
  );
  return (
    <Modal open title={rest ? t("leave.unsent.title") : t("act.leave")} onCancel={stay} footer={photographs > 0 || held.length > 0 ? [out, send] : rest ? [out, back] : [back, out]}>
      {held.length > 0 && <p>{t("leave.unsent.acts", { n: held.length, about: [...new Set(held.map((one) => one.about))].join(t("rule.listComma")) })}</p>}
      {photographs > 0 && <p>{t("leave.unsent.photographs", { n: photographs, about: abouts })}</p>}
      {drafts > 0 && <p>{t("leave.unsent.drafts", { n: drafts })}</p>}
      {unknown && <p>{t("leave.unread")}</p>}
      {rest && <p>{t("leave.unsent.means")}</p>}
      {!rest && !clean && <p>{t("leave.allSent")}</p>}
      {failed}
    </Modal>
  );
}
