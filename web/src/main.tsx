import "@fontsource-variable/noto-sans-sc/wght.css";
import "./base.css";
import "./phone/phone.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { startAppearance } from "./appearance";
import { watchBundles } from "./bundles";
import { startWords } from "./i18n";
import { startWorker } from "./phone/build";

startAppearance();
watchBundles();
startWorker();
const root = document.getElementById("root");
if (root) {
  void startWords().then(() => {
    createRoot(root).render(
      <StrictMode>
        <App />
      </StrictMode>,
    );
  });
}
