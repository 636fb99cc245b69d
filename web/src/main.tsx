import "@fontsource-variable/noto-sans-sc/wght.css";
import "./base.css";
import "./print.css";
import "./phone/phone.css";
import { StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { showTone, startAppearance } from "./appearance";
import { watchBundles } from "./bundles";
import { asked } from "./embed/frame";
import { isEmbedded } from "./embed/key";
import { startWords } from "./i18n";
import { later } from "./kit/later";
import { startWorker } from "./phone/build";

// In a frame of another platform: how it looks is the platform's, and nothing is kept on the device.
const Embedded = later(() => import("./embed/Embedded"));
const frame = isEmbedded ? asked(new URL(window.location.href)) : null;

startAppearance();
if (frame) {
  if (frame.tone) showTone(frame.tone);
} else {
  watchBundles();
  startWorker();
}
const root = document.getElementById("root");
if (root) {
  void startWords(frame?.tongue).then(() => {
    createRoot(root).render(
      <StrictMode>
        {isEmbedded ? <Suspense><Embedded /></Suspense> : <App />}
      </StrictMode>,
    );
  });
}
