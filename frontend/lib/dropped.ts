// What was dropped or chosen: files with their paths, folders walked to their ends.

export type Named = { file: File; path: string };

export function chosen(files: FileList | null): Named[] {
  return [...(files ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
}

/** Must be called in the drop itself: the items are empty afterwards. */
export async function dropped(items: DataTransferItemList): Promise<Named[]> {
  const given = [...items].map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const found: Named[] = [];
  for (const one of given) {
    if (one instanceof File) found.push({ file: one, path: one.name });
    else if (one) await walk(one, found);
  }
  return found;
}

async function walk(entry: FileSystemEntry, found: Named[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ file, path: entry.fullPath.replace(/^\//, "") });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A browser gives a hundred at a time, and nothing at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const one of some) await walk(one, found);
  }
}
