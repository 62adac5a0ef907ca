import "./htmx";
import { StudioComposer } from "./elements/composer";
import { StudioDialog, StudioThread, StudioTitle } from "./elements/dialogs";
import { StudioDrop } from "./elements/drop";
import { StudioLive } from "./elements/live";
import { StudioPalette } from "./elements/palette";
import { PkPassword } from "./elements/password";
import { StudioRail, StudioTheme } from "./elements/preferences";
import { StudioShortcuts } from "./elements/shortcuts";
import { StudioToast } from "./elements/toast";
import { StudioUploads } from "./elements/uploads";
import { StudioViewer } from "./elements/viewer";
import { offline } from "./failures";
import { menus } from "./menus";
import { pickups } from "./pickup";
import { shortcuts } from "./shortcuts";

// Children first: what is around them asks them things.
const elements: [string, CustomElementConstructor][] = [
  ["studio-drop", StudioDrop],
  ["studio-composer", StudioComposer],
  ["studio-toast", StudioToast],
  ["studio-shortcuts", StudioShortcuts],
  ["studio-palette", StudioPalette],
  ["studio-dialog", StudioDialog],
  ["studio-title", StudioTitle],
  ["studio-thread", StudioThread],
  ["pk-password", PkPassword],
  ["studio-theme", StudioTheme],
  ["studio-rail", StudioRail],
  ["studio-uploads", StudioUploads],
  ["studio-viewer", StudioViewer],
  ["studio-live", StudioLive],
];
for (const [name, element] of elements) customElements.define(name, element);
offline();
shortcuts();
menus();
pickups();
