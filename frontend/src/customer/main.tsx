import { mount } from "../ui/mount";

void mount("stream", () => <main>Tiffin</main>);
