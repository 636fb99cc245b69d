import { Button, Input, Modal } from "antd";
import { t } from "i18next";
import { Copy } from "lucide-react";
import { useState, type ReactNode } from "react";
import "./once.css";

/** A secret's only sight: it stays until the person says that it is kept, and no stray click takes it away. */
export function Once({ name, secret, close, title = t("admin.once.title", { name }) }: { name: string; secret: string; close: () => void; title?: string }): ReactNode {
  const [copied, setCopied] = useState<boolean | null>(null);
  const copy = (): void => {
    // A page without TLS has no clipboard: then it is marked by hand.
    const asked = window.isSecureContext ? navigator.clipboard.writeText(secret) : Promise.reject(new Error("insecure"));
    asked.then(() => setCopied(true)).catch(() => setCopied(false));
  };
  return (
    <Modal
      open
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      title={title}
      footer={
        <Button type="primary" onClick={close}>
          {t("admin.once.kept")}
        </Button>
      }
    >
      <p className="once-words">{t("admin.once.words")}</p>
      <Input.TextArea readOnly autoSize value={secret} aria-label={title} onFocus={(event) => event.target.select()} />
      <p className="once-copy">
        <Button icon={<Copy size={15} strokeWidth={1.6} aria-hidden />} onClick={copy}>
          {t("admin.once.copy")}
        </Button>{" "}
        <span role="status">{copied === null ? "" : copied ? t("admin.once.copied") : t("admin.once.notCopied")}</span>
      </p>
    </Modal>
  );
}
