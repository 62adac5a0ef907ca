/** What a link to a picture says of it: the tiles of every page and the lineage carry the same attributes. */

interface Size {
  width: number;
  height: number;
}

export function sizeOf(link: HTMLElement): Size {
  return { width: Number(link.dataset["width"]) || 1, height: Number(link.dataset["height"]) || 1 };
}

/** Every picture of the page, in its order; those inside dialogs are not of the page. */
export function pictures(): HTMLAnchorElement[] {
  return [...document.querySelectorAll<HTMLAnchorElement>("a[data-picture]")].filter((link) => !link.closest("dialog"));
}

/** Fill a pane: the small picture at once, in the place of the large one, which follows; a clip gets its player. */
export function show(pane: HTMLElement, link: HTMLAnchorElement): void {
  const { full = "", alt = "", media = "" } = link.dataset;
  const small = link.querySelector("img.picture")?.getAttribute("src") ?? full;
  if (media.startsWith("video/")) pane.replaceChildren(player(full, small, alt));
  else pane.replaceChildren(still(full, small, alt, sizeOf(link)));
}

function player(source: string, poster: string, alt: string): HTMLVideoElement {
  const video = document.createElement("video");
  video.controls = true;
  video.loop = true;
  video.playsInline = true;
  video.preload = "metadata";
  video.poster = poster;
  video.src = source;
  video.setAttribute("aria-label", alt);
  return video;
}

function still(full: string, small: string, alt: string, { width, height }: Size): HTMLImageElement {
  const picture = new Image(width, height);
  picture.alt = alt;
  picture.src = small;
  picture.draggable = false;
  const large = new Image();
  large.src = full;
  void large.decode().then(
    () => (picture.src = full),
    () => undefined,
  );
  return picture;
}
