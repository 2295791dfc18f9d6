/** Every page that is not a conversation. */

import { mountComponents } from "../components/mount.js";

mountComponents();
