import "@fontsource-variable/noto-sans-sc/wght.css";
import "./base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { startAppearance } from "./appearance";
import { startWords } from "./i18n";

startAppearance();
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
