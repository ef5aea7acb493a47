// The explorer: every module listens to its own panel.
import "./tabs.js";
import "./read.js";
import "./ask.js";
import "./compose.js";
import "./yourself.js";
import "./chat.js";
