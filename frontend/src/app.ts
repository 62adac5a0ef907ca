import "./htmx";
import { StudioBulk } from "./elements/bulk";
import { StudioBoard } from "./elements/board-live";
import { StudioMenu } from "./elements/board-menu";
import { StudioComposer } from "./elements/composer";
import { StudioDialog, StudioThread, StudioTitle } from "./elements/dialogs";
import { StudioDrop } from "./elements/drop";
import { StudioGallery } from "./elements/gallery";
import { StudioBalance, StudioQueue } from "./elements/header";
import { StudioLive } from "./elements/live";
import { StudioPalette } from "./elements/palette";
import { PkPassword } from "./elements/password";
import { StudioRail, StudioTheme } from "./elements/preferences";
import { StudioProposal } from "./elements/proposal";
import { StudioProgress } from "./elements/progress";
import { StudioSearch } from "./elements/search";
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
  ["studio-progress", StudioProgress],
  ["studio-shortcuts", StudioShortcuts],
  ["studio-palette", StudioPalette],
  ["studio-queue", StudioQueue],
  ["studio-balance", StudioBalance],
  ["studio-menu", StudioMenu],
  ["studio-dialog", StudioDialog],
  ["studio-title", StudioTitle],
  ["studio-proposal", StudioProposal],
  ["studio-thread", StudioThread],
  ["pk-password", PkPassword],
  ["studio-theme", StudioTheme],
  ["studio-rail", StudioRail],
  ["studio-uploads", StudioUploads],
  ["studio-viewer", StudioViewer],
  ["studio-bulk", StudioBulk],
  ["studio-gallery", StudioGallery],
  ["studio-search", StudioSearch],
  ["studio-board", StudioBoard],
  ["studio-live", StudioLive],
];
for (const [name, element] of elements) customElements.define(name, element);
offline();
shortcuts();
menus();
pickups();
