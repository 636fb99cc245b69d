import { useQueryClient } from "@tanstack/react-query";
import { t } from "i18next";
import { useEffect, useState, type ReactNode } from "react";
import type { Me } from "../../api/types";
import { Leave } from "../../kit/shell/Leave";
import { Logo } from "../../kit/shell/Logo";
import { Factor } from "./Factor";
import "./login.css";
import "./people.css";

/** A role that must have a second factor sets it up before anything else; what was asked for comes after. */
export default function Enrol({ me }: { me: Me }): ReactNode {
  const client = useQueryClient();
  const [leaving, setLeaving] = useState(false);
  useEffect(() => {
    document.title = `${t("enrol.title")} \u00b7 ${t("brand.name")}`;
  }, []);
  return (
    <div className="login">
      <main className="enrol">
        <div className="login-brand">
          <Logo size={34} />
          <h1>{t("enrol.title")}</h1>
          <span>{me.county.name}</span>
        </div>
        <p className="login-line">{t("enrol.line", { role: t(`role.${me.user.role}`) })}</p>
        <section className="enrol-box">
          <Factor kept={() => void client.invalidateQueries()} />
        </section>
        <p className="note">{t("enrol.who", { name: me.user.username })}</p>
      </main>
      <footer>
        <button type="button" className="linkish" onClick={() => setLeaving(true)}>
          {t("act.leave")}
        </button>
      </footer>
      {leaving && <Leave user={me.user.id} stay={() => setLeaving(false)} />}
    </div>
  );
}
