// What the pages of files, history and blame load.
import "./finder.ts";
import "./keys.ts";
import "./lines.ts";
