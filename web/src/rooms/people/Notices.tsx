import { Button } from "antd";
import { t } from "i18next";
import type { ReactNode } from "react";
import { switchNotices, useNotices } from "../../phone/notify";

/** 手机提醒: calls shown outside the page while it is open behind others; asked for by a press, never at load. */
export function Notices(): ReactNode {
  const stands = useNotices();
  return (
    <div className="pform">
      <p role="status">
        <b>{t(`notify.${stands}`)}</b>
      </p>
      <p>{t("notify.means")}</p>
      <p>{t("notify.closed")}</p>
      {(stands === "on" || stands === "off") && (
        <div>
          <Button onClick={() => void switchNotices()}>{t(stands === "on" ? "notify.turnOff" : "notify.turnOn")}</Button>
        </div>
      )}
    </div>
  );
}
