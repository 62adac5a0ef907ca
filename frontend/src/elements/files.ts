/** Files out of what was dropped, pasted or chosen: folders are walked, what is no picture is left out. */

export interface Found {
  pictures: File[];
  /** How many files were no pictures. */
  others: number;
}

const NAMES = /\.(jpe?g|png|webp|avif)$/i;

export function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

/** All files of a transfer, those in its folders too. Entries must be taken while the event is handled. */
export async function dropped(data: DataTransfer): Promise<Found> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return sorted([...data.files]);
  const files: File[] = [];
  for (const entry of entries) await walk(entry, files);
  return sorted(files);
}

export function sorted(files: File[]): Found {
  const pictures = files.filter((file) => file.type.startsWith("image/") || (file.type === "" && NAMES.test(file.name)));
  // What an operating system keeps in folders for itself is nobody's picture.
  const seen = files.filter((file) => !file.name.startsWith("."));
  return { pictures, others: Math.max(0, seen.length - pictures.length) };
}

async function walk(entry: FileSystemEntry, into: File[]): Promise<void> {
  if (entry instanceof FileSystemFileEntry || entry.isFile) {
    into.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader gives a hundred at a time, and an empty list at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const each of some) await walk(each, into);
  }
}

/** What a file says it is; by its name where the browser knows no better. */
export function mediaType(file: File): string {
  if (file.type !== "") return file.type;
  const ending = NAMES.exec(file.name)?.[1]?.toLowerCase().replace("jpg", "jpeg");
  return ending === undefined ? "" : `image/${ending}`;
}

/** SHA-256 in hex; null where the browser does not offer it (a page without TLS that is not localhost). */
export async function fingerprint(file: File): Promise<string | null> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) return null;
  const digest = new Uint8Array(await subtle.digest("SHA-256", await file.arrayBuffer()));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
